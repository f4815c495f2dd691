"""Compare a prediction with the gold answer, by value and by type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from s1m.scoring.equality.forms import same_time
from s1m.scoring.readers.choices import LETTERS, flat
from s1m.scoring.text.quantity import worth

INTEGER_TOLERANCE = Fraction(1, 10**9)
"""How far from a whole number still counts as one."""

RELAXED_TOLERANCE = Fraction(1, 20)
"""ChartQA's: 5 percent of the gold value."""

_YEAR = re.compile(
    r"""
      (?:1[5-9]|20)\d\d    # 1500 to 2099
    | 2100                 # 2100
    """,
    re.VERBOSE,
)
"""1500 to 2100, without a thousands comma, a unit or decimals."""

_ARTICLES = re.compile(r"\b(?:the|an?)\s")
_PUNCTUATION = re.compile(
    r"""
      [^\w\s.%°/+\-<>=≤≥≠≈^*√∞±∪|…]    # Paris, (France)
    | (?<!\d)\.                        # a full stop
    | \.(?!\d)                         # the point of .5
    """,
    re.VERBOSE,
)
"""Signs of mathematics say something and are kept: x < 3 is not x > 3."""
_BRACKETED_PAIR = re.compile(r"([\[(\]])[^()\[\]]*,[^()\[\]]*([\])\[])")


def same_integer(prediction: str, gold: str) -> bool:
    """Whether two texts are the same integer; a text that is not an integer equals nothing."""
    try:
        return int(prediction) == int(gold)
    except ValueError:
        return any(_is_whole(value) and round(value) == whole for value in worth(prediction) for whole in worth(gold))


def _is_whole(value: Fraction) -> bool:
    return value == 0 or (round(value) != 0 and abs(value - round(value)) < INTEGER_TOLERANCE)


def same_number(prediction: str, gold: str, *, precision: int | None = None) -> bool:
    """Whether two texts are the same number, after rounding to ``precision`` decimals when that is given.

    Halves may be rounded away from zero, as at school, or to even, as computers do.
    """
    if prediction == gold:
        return bool(worth(gold))
    ours, theirs = worth(prediction), worth(gold)
    if precision is None:
        return any(abs(our - their) <= INTEGER_TOLERANCE * abs(their) for our in ours for their in theirs)
    return any(bool(_rounded(our, precision) & _rounded(their, precision)) for our in ours for their in theirs)


def _rounded(value: Fraction, precision: int) -> set[Decimal]:
    if abs(value) > 10**25:
        return set()
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    unit = Decimal(1).scaleb(-precision)
    try:
        return {exact.quantize(unit, rounding=rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    except InvalidOperation:
        return set()


def same_relaxed(prediction: str, gold: str) -> bool:
    """ChartQA's measure, strictly: within 5 percent of a number other than zero, the same text otherwise.

    A whole number that can be a year has to be met exactly. A percent sign is a unit: 14 and 0.14 are both 14 %.
    """
    if _YEAR.fullmatch(gold.strip()):
        return same_number(prediction, gold)
    ours, theirs = worth(prediction), worth(gold)
    if not ours or not theirs or 0 in theirs:
        return same_text(prediction, gold)
    return any(abs(our - their) <= RELAXED_TOLERANCE * abs(their) for our in ours for their in theirs)


def same_letter(prediction: str, gold: str) -> bool:
    """Whether two letters name the same choice."""
    return prediction.strip(" ().").upper() == gold.strip(" ().").upper() != ""


def same_choice(prediction: str, gold: str, choices: Sequence[str]) -> bool:
    """Whether the choice of letter ``prediction`` has the text ``gold``."""
    index = LETTERS.find(prediction) if len(prediction) == 1 else -1
    return 0 <= index < len(choices) and choices[index] == gold


def same_list(prediction: str, gold: str) -> bool:
    """Whether two lists have the same items in the same order, by value where they are numbers."""
    ours, theirs = _items(prediction), _items(gold)
    return len(ours) == len(theirs) > 0 and all(
        same_number(our, their) or same_text(our, their) for our, their in zip(ours, theirs, strict=True)
    )


def _items(text: str) -> list[str]:
    inside = text.strip().strip("[](){}")
    return [item.strip().strip("\"'") for item in inside.split(",")] if inside.strip() else []


def same_text(prediction: str, gold: str) -> bool:
    """Whether two texts say the same: case, articles, markup and punctuation aside; numbers and times by value."""
    ours, theirs = _words(prediction), _words(gold)
    if not ours or not theirs:  # nothing but an article or a sign: "a", "..."
        return prediction.strip() == gold.strip() != ""
    if (verdict := same_time(prediction.strip(), gold.strip())) is not None:
        return verdict
    return (ours == theirs and _brackets(prediction) == _brackets(gold)) or bool(
        set(worth(prediction)).intersection(worth(gold))
    )


def _brackets(text: str) -> tuple[str, ...]:
    """The brackets around a pair: those of an interval say whether its ends belong to it."""
    match = _BRACKETED_PAIR.fullmatch(text.strip(" $."))
    return match.groups() if match else ()


def _words(text: str) -> str:
    text = unicodedata.normalize("NFC", flat(text))  # an accent may be a character of its own
    return " ".join(_PUNCTUATION.sub(" ", _ARTICLES.sub(" ", f" {text} ")).split())
