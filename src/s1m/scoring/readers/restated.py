"""Decide whether a sentence says what other words say: a question answered by stating it, a choice woven into prose.

Words must come in the same order, with nothing between them but auxiliaries, negations and hedges; "has" is "have" and
"adults" is "adult". Nothing is inferred: "fewer" is never read as "not more".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, pairwise

_WORD = re.compile(r"[^\W_]+(?:[.'][^\W_]+)*")
_FILLERS = frozenset(
    _WORD.findall(
        "is are was were be been being do does did will would may might could can has have not also likely most "
        "probably possibly potentially more then there a an the it they actually indeed still in fact"
    )
)
_NEGATIONS = frozenset(_WORD.findall("not no never isn't aren't doesn't don't wasn't weren't didn't cannot can't"))
_AUXILIARIES = frozenset(_WORD.findall("is are was were do does did has have can could will would"))
_SAME = {
    "has": "have",
    "had": "have",
    "does": "do",
    "is": "be",
    "are": "be",
    "was": "be",
    "were": "be",
} | dict.fromkeys(("this", "these", "those", "that"), "the")
_PRONOUNS = frozenset(_WORD.findall("it they he she this that"))

LONGEST_SENTENCE = 60
"""Words of a sentence that are looked at."""


def words_of(text: str, limit: int = LONGEST_SENTENCE) -> list[str]:
    """The words of a text in lower case, at most ``limit``."""
    return [match[0].lower() for match in islice(_WORD.finditer(text), limit)]


def affirmed(question: str, sentence: str) -> bool | None:
    """Whether ``sentence`` states the yes-or-no ``question`` (True) or denies it (False); None when it does neither."""
    asked = words_of(question)
    if len(asked) < 3 or asked[0] not in _AUXILIARIES:
        return None
    said = words_of(sentence)
    between = _between([_stem(word) for word in asked[1:]], said)
    if between is None:
        return None
    return not _NEGATIONS.intersection(between)


def woven(phrase: str, sentence: str) -> bool:
    """Whether the words of ``phrase`` (two at least) stand in ``sentence`` in order, not denied."""
    wanted = words_of(phrase)
    if wanted and wanted[0] in _PRONOUNS:
        wanted = wanted[1:]
    if sum(word.isalpha() and len(word) > 1 for word in wanted) < 2:
        return False
    first, said = _stem(wanted[0]), words_of(sentence)
    said = ["" if before in _NEGATIONS and _stem(word) == first else word for before, word in pairwise(["", *said])]
    between = _between([_stem(word) for word in wanted], said)
    return between is not None and not _NEGATIONS.intersection(between)


def overlap(question: str, sentence: str) -> float:
    """Share of the question's longer words that stand in the sentence."""
    asked = {_stem(word) for word in words_of(question, 200) if len(word) > 3}
    said = {_stem(word) for word in words_of(sentence)}
    return len(asked & said) / len(asked) if asked else 0.0


def _between(wanted: Sequence[str], said: Sequence[str]) -> list[str] | None:
    """The words that stand between the wanted ones where they are found in order with only fillers between them."""
    for start, word in enumerate(said):
        if _stem(word) != wanted[0]:
            continue
        between: list[str] = []
        parsed = 1
        for following in said[start + 1 :]:
            if parsed == len(wanted):
                break
            if _stem(following) == wanted[parsed]:
                parsed += 1
            elif following in _FILLERS or following in _NEGATIONS:
                between.append(following)
            else:
                break
        if parsed == len(wanted):
            return between
    return None


def _stem(word: str) -> str:
    if word in _SAME:
        return _SAME[word]
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
