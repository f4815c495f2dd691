"""Decide which of the offered choices a stretch of text names: by its letter, its exact text or its exact value.

No edit distance and no likeness: a text that names no choice, or two, is read as none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from s1m.scoring.text.plain import plain
from s1m.scoring.text.quantity import quantities, worth

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Names of choices, in order."""

_LEAD = r"""
    [\s\"'*:=]*(?:[:-]\s)?
    (?:(?:the\s|an?\s)?(?:(?:correct|final|right|best|letter)\s)*
      (?:options?|choices?|letters?|answers?|选项|选)(?:\sis|\sletter)?[\s:\"']*)?    # the correct option is
"""
_OPENING = re.compile(
    rf"""{_LEAD}(?:
      [(\[{{<]\s?([A-Za-z])\s?[)\]}}>]                                # (B), <b>
    | ([A-Z])(?=[.):,;\]\"*\n]|'(?!\w)|\s?$|\s[-=(]|\s?[，。、；])    # B. / B) / B = 3 cm
    | ([a-z])(?=[.):](?:\s|$)|\)|\s?$)                                # b) / b, alone: "a" is mostly an article
    | ([A-Z])(?=\s)                                                   # B because: the weakest, so it is tried last
    )(?!\w)""",
    re.VERBOSE,
)
_PARENTHESISED = re.compile(r"(?<![\w)])\(\s?([A-Z])\s?\)(?!\()")
_NAMED = re.compile(
    r"""
      \b(?:option|choice|answer)\s\"?\(?([A-Z])\b(?!['’])(?!\s(?:few|lot|good|bad|
        better|valid|possible|list)\b)                                # option (B)
    | 选项?\s?([A-Z])(?![a-z])                                          # 选项B
    """,
    re.IGNORECASE | re.VERBOSE,
)
# "figure B", "the cube labelled C": a letter that names a part of the picture, where that is what the choices are.
_PICTURED = re.compile(
    r"\b(?:letter|labell?ed|image|picture|figure|shape|cube|graph|diagram|number|part)\s[\"'(]?([A-Z])(?![\w'])"
)
# What follows a letter in "(B) and (C)" or "B, option D". No word in small letters may follow: in "B and A is" it does,
# and A is the subject of another statement.
_MORE_LETTERS = re.compile(
    r"[)\].]?\s?(?:,|and|or|&|/|→|->|、|或|和)\s?(?:option\s|choice\s)?[(\[]?([A-Z])(?=[)\].,\s]|$)(?!\s[a-z])"
)
# "A, B and C", "A → D → B": several letters in a row are a list or an order, and not the choice of one of them.
_RUN = re.compile(
    r"(?<![\w)])[(\[]?[A-Z][)\]]?(?![\w'])(?:\s?(?:,|and|or|&|/|→|->|、|或|和|,\s?and|,\s?or)\s?(?:options?\s|choices?\s)?"
    r"[(\[]?[A-Z][)\]]?(?![\w'])(?!\s[a-z]{2}))+"
)
_LISTED = re.compile(r"(?<![\w'])([A-Z])\s?[:.)](?=\s)")
_RUN_LETTER = re.compile(r"[A-Z]")
_DRESSED_LINE = re.compile(
    r"\W{0,4}(?:option|choice|answer)?\W{0,3}[(\[]?([A-Za-z])(?:[)\].:]+|\b)\s*(.{0,200})", re.IGNORECASE
)
_HENCE = re.compile(
    r"""^\W*
    (?:(?:so|thus|hence|therefore|finally|ok|okay)\b[,:]?\s*)?                         # So,
    (?:(?:
      it's|it\s(?:is|must\sbe|should\sbe)|that's                                       # it must be
    | (?:I|we|I'd|I'll|I'm|let's)(?:\swould|\swill|\scan)?\s
      (?:choose|select|pick|say|go\swith|go\sfor|going\swith|vote)                     # I'd go with
    | choose|select|pick                                                               # choose
    )\b[,:]?\s*)?""",
    re.IGNORECASE | re.VERBOSE,
)
_ARROW = re.compile(
    r"""(?:
      →|=>|->|⇒                                                                        # 3 cm → B
    | \b(?:so|thus|hence|therefore|it's|is|(?:must|should|would)\sbe|选)               # the longest is (B).
    )[,:]?\s?\(?([A-Z])\)?\W{0,3}$""",
    re.VERBOSE,
)
_DENIED = re.compile(
    r"""(?:
      \bnot|n't|\bneither|\bnor|\bnever              # it isn't B, neither B
    | \brule\sout|\beliminated?|\bexclude            # I rule out option B
    )\s(?:be\s|choose\s|option\s|choice\s)?$""",
    re.IGNORECASE | re.VERBOSE,
)
_LOOSE = re.compile(r"[\s()*·×]+")
_LETTER = re.compile(r"\W*[A-Za-z]\W*")
_AFTER_IS = re.compile(r"(?:\b(?:is|are|was|be|equals|approximately|called)\b|[=≈:])\s*(?=[^=≈:]{1,120}$)")
_SPACE = re.compile(r"\s+")
_ENDS = " \t\n.,;:!?\"'*。，"
_ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
_ANSWER_WORDS = frozenset({"yes", "no", "true", "false", "a", "an", "i", "the", "not", "none", "all"})
"""Choices that are also everyday words: found only where a text opens with them."""


def letter_of(index: int) -> str:
    """The letter of choice ``index``: A for 0."""
    return LETTERS[index]


def flat(text: str) -> str:
    """``text`` in lower case, with single blanks, without markup and without marks at its ends."""
    return _SPACE.sub(" ", plain(text).replace("{", "").replace("}", "")).strip(_ENDS).casefold()


class OfferedChoices:
    """The choices of a question, made ready to be looked for."""

    def __init__(self, choices: Sequence[str], count: int | None = None) -> None:
        self.texts = tuple(choices)
        self.flat = tuple(flat(choice) for choice in self.texts)
        self.bare = tuple(_ARTICLE.sub("", text) for text in self.flat)
        self.tight = tuple(_LOOSE.sub("", text).replace(";", ",") for text in self.flat)
        self.permuted = bool(self.texts) and all(_LETTER.fullmatch(text) for text in self.texts)
        """Choices that are pictures named by letters, such as "(c)", "(a)": a letter may mean either."""
        self.numeric = bool(self.flat) and all(worth(text) for text in self.flat)
        """Choices that are all numbers: a sentence that has several is read as a sum is."""
        self.pictures = bool(self.flat) and self.flat == tuple(LETTERS[: len(self.flat)].lower())
        """Choices that are nothing but their letters: they stand in the picture."""
        self.count = count or len(self.texts) or 5

    def has(self, letter: str) -> bool:
        """Whether there is a choice of that letter."""
        return letter.upper() in LETTERS[: self.count]

    def exactly(self, text: str) -> str | None:
        """The letter of the choice that ``text`` is: the same text, or a number of the same value."""
        if text.strip() in self.texts:
            return letter_of(self.texts.index(text.strip()))
        bare = _ARTICLE.sub("", flat(text))
        if bare in self.bare and bare and not (self.permuted and len(bare) <= 3):
            return letter_of(self.bare.index(bare))
        return self.by_value(text) or self._tightly(text)

    def _tightly(self, text: str) -> str | None:
        tight = _LOOSE.sub("", flat(text)).replace(";", ",")
        same = [index for index, choice in enumerate(self.tight) if choice == tight] if len(tight) > 1 else []
        return letter_of(same[0]) if same and not self.permuted else None

    def by_value(self, text: str) -> str | None:
        """The letter of the one choice that is worth the same number as ``text``."""
        values = set(worth(text))
        if not values:
            return None
        same = [index for index, choice in enumerate(self.flat) if values.intersection(worth(choice))]
        distinct = {self.flat[index] for index in same}
        return letter_of(same[0]) if len(distinct) == 1 else None

    def opening(self, span: str) -> str | None:
        """The letter that ``span`` opens with, in any dress, or of the choice whose text it opens with."""
        if exact := self.exactly(span):
            return exact
        match = _OPENING.match(span)
        if match:
            letter = (match[1] or match[2] or match[3] or match[4]).upper()
            article = (
                match[4] in ("A", "I") and match[4] is not None and bool(re.match(r"\s[a-z]", span[match.end() :]))
            )
            if not article:
                if not self.has(letter):
                    return None
                another = _MORE_LETTERS.match(span, match.end())
                return None if another and another[1] != letter else letter
        return self.opening_text(span)

    def opening_text(self, span: str) -> str | None:
        """The letter of the choice whose text ``span`` opens with; the longest when several do."""
        start = _ARTICLE.sub("", flat(span[:400]))
        fitting = [index for index, text in enumerate(self.bare) if text and _opens(start, text)]
        return letter_of(max(fitting, key=lambda index: len(self.bare[index]))) if fitting else None

    def mentioned(self, sentence: str) -> list[str]:
        """Letters of the choices whose text stands in ``sentence``, in order; a choice inside a longer one is not."""
        text = flat(sentence[-1000:])
        parsed: list[tuple[int, int, int]] = []
        for index, choice in enumerate(self.flat):
            if choice and choice not in _ANSWER_WORDS and not (len(choice) == 1 and choice.isalpha()):
                parsed += [(start, start + len(choice), index) for start in _occurrences(text, choice)]
        parsed.sort(key=lambda position: (position[0], -position[1]))
        outer: list[tuple[int, int, int]] = []
        for position in parsed:
            if not outer or position[0] >= outer[-1][1]:
                outer.append(position)
        return [letter_of(index) for _, _, index in outer]

    def lettered(self, sentence: str) -> list[str]:
        """Letters that ``sentence`` names as such: "(B)", "option B"."""
        named = [(match.start(), match[1]) for match in _PARENTHESISED.finditer(sentence)]
        named += [(match.start(), (match[1] or match[2])) for match in _NAMED.finditer(sentence)]
        if self.pictures:
            named += [(match.start(), match[1]) for match in _PICTURED.finditer(sentence)]
        said = [(start, letter) for start, letter in named if not _DENIED.search(sentence[max(0, start - 30) : start])]
        return [letter.upper() for _, letter in sorted(said) if self.has(letter)]

    def several(self, sentence: str) -> list[str]:
        """The letters of a run such as "(A), (B) and (D)" or "A -> C"; none where a sentence has no such run."""
        parsed: list[str] = []
        for match in _RUN.finditer(sentence):
            parsed = [letter for letter in _RUN_LETTER.findall(match[0]) if self.has(letter)]
        return parsed

    def line(self, line: str) -> str | None:
        """The letter of a line that is nothing but a dressed letter, with or without its choice's text."""
        if exact := self.exactly(line):
            return exact
        match = _DRESSED_LINE.fullmatch(_HENCE.sub("", line.strip()))
        if match is None or not self.has(match[1]):
            return None
        rest = flat(match[2])
        letter = match[1].upper()
        if not rest:
            return letter
        own = self.flat[LETTERS.index(letter)] if self.texts else ""
        if not own or not rest.startswith(own) or self._others(match[2], letter):
            return None
        return letter if _ends_word(own, rest[len(own) : len(own) + 2]) else None

    def _others(self, rest: str, letter: str) -> bool:
        """Whether what follows a letter names other ones: in "A: 3, B: 5, so B" the first is not the answer."""
        return _PARENTHESISED.search(rest) is not None or any(
            self.has(other) and other != letter for other in _LISTED.findall(rest)
        )

    def ending(self, sentence: str) -> str | None:
        """The letter that ``sentence`` ends with after "so", "is" or an arrow."""
        match = _ARROW.search(sentence[-40:])
        return match[1] if match and self.has(match[1]) else None

    def said(self, sentence: str) -> str | None:
        """The letter of the choice that is all that follows the last "is" or equals sign of ``sentence``."""
        starts = [match.end() for match in _AFTER_IS.finditer(sentence[-200:])]
        return self.exactly(sentence[-200:][starts[-1] :]) if starts else None

    def last_value(self, sentence: str) -> str | None:
        """The letter of the one choice that is worth the last number of ``sentence``."""
        numbers = list(quantities(sentence))
        return self.by_value(numbers[-1].text) if numbers else None


def _opens(text: str, choice: str) -> bool:
    if not text.startswith(choice):
        return False
    after = text[len(choice) : len(choice) + 2]
    if choice in _ANSWER_WORDS:
        return not after or after[0] in ",.;:!-–\n\"')" or after[:2] in (" -", " (")
    return _ends_word(choice, after)


def _ends_word(choice: str, after: str) -> bool:
    if not after:
        return True
    if (
        after[0].isalnum()
        and (choice[-1].isalnum() or choice[-1] in "√.")
        and choice[-1].isascii()
        and after[0].isascii()
    ):
        return False
    numeric = choice[-1].isdigit()
    return not (numeric and (after[0] in "√/^%π" or (after[0] in ".,:" and after[1:2].isdigit())))


def _occurrences(text: str, choice: str) -> Iterator[int]:
    start = text.find(choice)
    while start >= 0:
        before = text[start - 1 : start]
        whole = not (before.isalnum() and before.isascii() and choice[0].isalnum())
        if choice[0].isdigit() and before in ("-", ".", "/", "√", "^", ",") and before:
            whole = False
        if whole and _ends_word(choice, text[start + len(choice) : start + len(choice) + 2]):
            yield start
        start = text.find(choice, start + max(1, len(choice)))
