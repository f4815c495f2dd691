"""Decide where in a text its author states the answer: in a box, after words such as "the answer is", at the end.

Finds spans only; what a span says is read by the module for its kind of answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_ADJECTIVE = (
    r"(?:final|correct|right|best|closest|ultimate|only|numerical|short|proper|appropriate|most|desired|extracted)"
)
_NOUN = r"(?:answers?|option|choice|final\s(?:value|result|number|list))"
_VERB = (
    r"(?:[\s\"']{0,3}(?:[:=→⇒]|->|=>)|"
    r"\s(?:is|are|was|be|must\sbe|should\sbe|would\sbe|will\sbe|could\sbe|becomes|equals)(?![a-z])(?:\sthus|\stherefore)?\s?[:=]?)"
)
_MARKERS = re.compile(
    rf"""
    \b(?:{_ADJECTIVE}\s){{0,3}}{_NOUN}(?:\s(?:letter|choice|option|value))?(?:\s\([^()\n]{{0,20}}\))?
        (?:\s(?:to|for|of|from|in|that|among)\s(?!\(?[A-Z]\))[^.:=\n]{{1,120}}?)?{_VERB}     # the final answer to it is
    | ^\W{{0,4}}(?:the\s)?(?:final\s|correct\s)?answer\b(?=\W{{0,6}}(?:\n|$)|(?-i:\s[(\[]?[A-Z0-9-])|\s?\()  # Answer B
    | ^\W{{0,4}}ans\b\.?\s?[:=-]?                                 # Ans: B
    | ^\W{{0,4}}(?:答|选择?)\s?:?\s?(?=[(A-Z0-9-])                   # 答：B
    | (?:故|因此|所以|应该?|则|正确)[,，]?选(?:择|项)?\s?(?:为|是)?\s?[::]?  # 故选B
    | (?:正确|最终)?(?:答案|选项)\s?(?:应该?)?\s?(?:是|为|选|[::])\s?[::]?  # 正确答案是B
    | 答案(?=\s?[(（A-Z0-9-])                                      # 答案B
    | \bcorrect\s(?:letter|one)\s(?:is|:)                         # the correct one is
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_CHOSEN = re.compile(
    r"""\b(?:
      I\s(?:would\s|will\s)?(?:choose|select|pick|go\swith)                # I would choose
    | (?:is|are|corresponds?\sto|matches|select|choose)\s
        (?:the\s)?(?:answer\s)?(?:option|choice)                           # which corresponds to option
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_TAG = re.compile(r"⟪([^⟪⟫]{0,2000})(?:⟫|\Z)")
_BOX = re.compile(r"⟦([^⟦⟧]{0,1000})⟧")
_EMPTY_BOX = re.compile(r"⟦[\s.,]*⟧")
# "If x is 3, the answer is 7": the rest of the sentence holds under a condition only. 180 characters keep the search
# linear: from every "If" it would otherwise run on to the end of a long response.
_CONDITION = re.compile(r"(?:^|[.!?]\s|\n)\s*(?:\d\.\s)?(?:-\s)?If\b[^.!?\n]{0,180}$")
_NO_MARKS = dict.fromkeys(map(ord, "⟦⟧⟪⟫"))
_NEGATED = re.compile(r"\s*(?:not|n't|never|neither)\b", re.IGNORECASE)
# "Wait, that is not right": both halves are needed, since models also say "wait" and then confirm.
_RETRACTED = re.compile(
    r"\b(?:wait|hmm|hold on|actually|no|oops)\b[^.!?\n]{0,60}"
    r"\b(?:not (?:right|correct)|wrong|incorrect|mistake|misread)\b",
    re.IGNORECASE,
)
# Five lookbehinds in place of one: Python's re takes none whose alternatives differ in length.
_CALLED = re.compile(
    r"""(?<![\w)])(?<!nor[ ])(?<!if[ ])(?<!If[ ])(?<!not[ ])(?<!whether[ ])
    (?:
      \(([A-Z])\)(?:\s[^.\n(]{0,80}?)?                                         # (B) 3 cm
    | ([A-Z])[).]?                                                             # B.
    )\sis\s(?:therefore\s|thus\s|indeed\s)?(?:
      (?:the\s)?(?:only\s|most\s)?(?:correct|right|best|closest|appropriate)
        (?:\s(?:answer|option|choice|one|match)\b|(?=\s?[.,;!\n]|\s?$))        # is the best choice; not "is right of A"
    | (?:the|our|my)\sanswer\b                                                 # is my answer
    )""",
    re.VERBOSE,
)
_BUT = re.compile(r"\bbut\b(?:\srather)?\s*", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"""
      (?<=[.!?])[\"')\]]{0,2}\s+(?=[^a-z\s])    # It is 7. So
    | [。！？;]\s*                                 # 是7。
    | \n+                                       # a line break
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|approx|Fig|Dr|Mr|Mrs|Ms|St|cf)\.$")
_BECAUSE = re.compile(
    r"""\s*(?:,\s*)?\b(?:
      since|because                          # 7, because
    | as[ ](?:it|they|the|there|this)        # 7 as there; "as" alone also compares
    | given[ ]that|so[ ]that|due[ ]to        # 7, given that
    | rather[ ]than|not|instead[ ]of         # B, not C
    )\b""",
    re.VERBOSE,
)
_THEREFORE = re.compile(
    r"""
      ^\W*(?:so|then)\b                                               # So it is 7
    | \b(?:therefore|thus|hence|consequently|accordingly|in\ conclusion|so,|overall,)  # It is therefore 7; thus
    | ∴                                                               # ∴ x = 7
    | 所以                                                              # 所以是7
    | 因此                                                              # 因此是7
    | 故                                                               # 故选B
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BEGINS_SO = re.compile(
    r"""
      \W*(?:so|therefore|thus|hence|consequently|accordingly|in\sconclusion|overall)\b  # So it is 7
    | \W*(?:∴|所以|因此|故)                                                # 因此是7
    """,
    re.IGNORECASE | re.VERBOSE,
)
_WONDERING = re.compile(
    r"""
      \?\W*$                                                          # Is it 7?
    | ^\W*(?:if|question|hint|please|choices)\b                       # If it is 7
    | \b(?:whether|determine\ (?:if|the|which)|to\ (?:find|determine|answer)|not\ sure|
        tell\ (?:if|whether)|let's|suppose|assume\ that)\b            # whether it is 7
    """,
    re.IGNORECASE | re.VERBOSE,
)
_IF = re.compile(r"^\W*If\b[^,.;]{1,160},\s*(?:then\s)?")
_LISTED = re.compile(r"^[^\S\n]*[-*]?[^\S\n]*\(?([A-Z])[).:][^\S\n]+\S[^\n]{0,300}$")
_PLEASANTRY = re.compile(
    r"""
      \W{0,40}(?:(?:I\ )?hope\ (?:this|that)|let\ me\ know|do\ you\ (?:have|want|need)|
        is\ there\ anything|feel\ free|would\ you\ like|if\ you\ have\ any|please\ let\ me\ know|
        here\ is\ a\ table|thank\ you)                                # I hope this helps
    | \W{0,40}\|                                                      # a row of a table
    | [-|\s:]+$                                                       # a line of dashes
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_SAYING_SIGNS = frozenset({"+", "-", "%"})
_EMPTY = re.compile(r"[\W_]*")

LONGEST_NEXT_LINE = 12
"""Words of a line beneath "Answer:" that is still taken for the answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A stretch of text that is said to be the answer; ``rule`` names what says so, ``start`` is where it stands."""

    text: str
    rule: str
    start: int


def boxes(text: str) -> Iterator[Statement]:
    """What was boxed."""
    for match in _BOX.finditer(text):
        yield Statement(text=match[1], rule="boxed", start=match.start())


def tags(text: str) -> Iterator[Statement]:
    """What stands in an answer wrapper such as ``<answer>...</answer>``."""
    for match in _TAG.finditer(text):
        yield Statement(text=without_marks(match[1]).strip(), rule="tag", start=match.start())


def marked(text: str) -> Iterator[Statement]:
    """What follows words such as "the answer is", to the end of its line, in order; negated ones are left out."""
    for match in _MARKERS.finditer(text):
        if _CONDITION.search(text[max(0, match.start() - 200) : match.start()]):
            continue
        span = rest_of_line(text, match.end())
        if not span and not _EMPTY.fullmatch(text, match.end()):
            continue
        if _RETRACTED.search(span[:200]):
            continue
        if _NEGATED.match(span):
            turn = _BUT.search(span)
            if turn is None:
                continue
            span = span[turn.end() :]
        yield Statement(text=without_marks(span), rule="marked", start=match.end())


def without_marks(text: str) -> str:
    """``text`` without the marks that stand for boxes and answer wrappers."""
    return text.translate(_NO_MARKS)


def without_empty_boxes(text: str) -> str:
    """``text`` without boxes in which nothing stands."""
    return _EMPTY_BOX.sub("", text)


def marks_part(text: str) -> bool:
    """Whether a box or an answer wrapper marks a part of ``text`` and not all of it."""
    rest = _BOX.sub("", _TAG.sub("", text, count=1), count=1)
    return rest != text and not _EMPTY.fullmatch(rest)


def chosen(text: str) -> Iterator[Statement]:
    """What follows words that name an option, such as "I choose" or "which matches option" or "B is correct"."""
    for match in _CHOSEN.finditer(text):
        yield Statement(text=rest_of_line(text, match.end()), rule="chosen", start=match.end())
    for match in _CALLED.finditer(text):
        yield Statement(text=match[1] or match[2], rule="chosen", start=match.start())


def last_line(text: str, after: int) -> Statement | None:
    """The last line that says anything, where it begins after ``after`` and is not one of a list of choices."""
    start = text.rstrip().rfind("\n") + 1
    if start <= after or any(_LISTED.match(line) for line in text[after:start].splitlines()):
        return None
    return Statement(text=text[start:].strip(), rule="last-line", start=start)


def rest_of_line(text: str, start: int) -> str:
    """The text from ``start`` to the end of the line; when that says nothing, a short next line that does."""
    line, *following = text[start : start + 800].split("\n")
    if not _EMPTY.fullmatch(line) or line.strip() in _SAYING_SIGNS:
        return line.strip()
    spoken = next((line.strip() for line in following if not _EMPTY.fullmatch(line)), "")
    if sum(_LISTED.match(line) is not None for line in following) > 1:
        return ""
    return spoken if len(spoken.split()) <= LONGEST_NEXT_LINE else ""


def before_reasons(span: str) -> str:
    """The first sentence of a span, up to where it begins to give reasons."""
    sentence = next(iter(sentences(span)), "")
    reasons = _BECAUSE.search(sentence, 1)
    return sentence[: reasons.start()] if reasons and reasons.start() > 0 else sentence


def sentences(text: str) -> list[str]:
    """The sentences of a plain text; a decimal point or an abbreviation ends none."""
    parsed: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.start()]
        if "\n" not in match[0] and _ABBREVIATION.search(piece[-8:]):
            continue
        if piece.strip():
            parsed.append(piece.strip())
        start = match.end()
    if text[start:].strip():
        parsed.append(text[start:].strip())
    return parsed


def conclusions(sentences: list[str]) -> list[str]:
    """Those of the last sentences that draw a conclusion: "therefore", "so", "thus"."""
    return [sentence for sentence in sentences[-6:] if _THEREFORE.search(sentence[:200])]


def begins_as_conclusion(sentence: str) -> bool:
    """Whether a sentence begins with "therefore", "so", "thus" and is neither denied nor a question."""
    return _BEGINS_SO.match(sentence) is not None and not _WONDERING.search(sentence)


def emphasised(raw: str) -> list[str]:
    """What is set in bold type in a Markdown text."""
    return [match[1] for match in _BOLD.finditer(raw)]


def without_pleasantries(parts: list[str]) -> list[str]:
    """Lines or sentences without those that address the reader ("I hope this helps") and without rows of tables."""
    return [part for part in parts if not _PLEASANTRY.match(part)]


def sayings(sentences: list[str]) -> list[str]:
    """What the sentences say: of "if ..., then ..." the consequence; questions and considerations are left out."""
    said = [sentence[match.end() :] if (match := _IF.match(sentence)) else sentence for sentence in sentences]
    return [sentence for sentence in said if not _WONDERING.search(sentence)]


def without_listings(text: str) -> str:
    """``text`` without lists of lettered choices: lines that begin (A), (B), (C) one after the other."""
    lines = text.split("\n")
    letters = [match[1] if (match := _LISTED.match(line)) else "" for line in lines]
    listed = {
        index
        for first, second in pairwise(range(len(lines)))
        if letters[first] and letters[second] and ord(letters[second]) == ord(letters[first]) + 1
        for index in (first, second)
    }
    return "\n".join(line for index, line in enumerate(lines) if index not in listed) if listed else text
