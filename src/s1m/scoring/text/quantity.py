"""Decide what is a number in a plain text, and what it is worth: exactly, as a fraction.

A number stands on its own: the digits of ``B12``, ``x_1``, ``2x`` or ``3√2`` are not numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from s1m.scoring.text.plain import with_plain_signs

_DIGITS = r"(?:\d{1,3}(?:,\d{3}){1,20}+(?![\d]|,\d)|\d{1,60}(?!\d))"
"""At most 63 digits: CPython refuses to read more than 4,300, and no answer has as many."""
_SIGN_WORD = r"(?:(?<![\w)]\s)|(?<=\b(?:is|be|or)\s))(?<!\w)(?:minus|negative)\s"
"""Of a number, where it does not subtract: "is minus 5" is -5, "12 minus 5" is two numbers."""
_NUMBER = re.compile(
    rf"""(?<![a-zA-Z0-9.√^_\\/])(?<!\d[-,:])(?<![√^_][{{(])(?<![√^_][{{(]-)(?<![√^_]-)
    (?P<sign>[-+]|(?<==\s)-\s|{_SIGN_WORD})?[€£¥₹$]?                             # -, minus, $
    (?:(?P<whole>\d{{1,9}})\s(?=\d{{1,9}}/\d))?                                  # 3 of 3 1/2
    (?:10\s?(?:\^|\*\*)\s?[({{]?(?P<tenth>[-+]?\d{{1,3}}(?!\d))[)}}]?       # 10^{{-2}}
    |(?P<above>{_DIGITS}(?:\.\d{{1,60}}(?!\d))?|\.\d{{1,60}}(?!\d)))    # 1,234.5 or .5
    (?:[eE](?P<exponent>[-+]?\d{{1,3}})(?!\w))?                                # e-3
    (?:\s?[×x*·]\s?10\s?(?:\^|\*\*)\s?[({{]?\s?(?P<power>[-+]?\d{{1,3}})\s?[)}}]?)?  # × 10^{{-3}}
    (?:\s?/\s?(?P<below>\d{{1,30}}(?:\.\d{{1,30}})?)(?![\d/]))?               # /4 of 3/4
    (?P<unit>\s?%|\s?percent\b|\s(?:thousand|million|billion|trillion)\b)?     # 5 million
    (?![\d√π^_/⁰¹²³⁴-⁹]|\.\d|[a-zA-Z]*[_^\\]|[xyznθ]\b|(?-i:[abeijqruvw]\b)|:\d|-\d|,\d)""",
    re.VERBOSE | re.IGNORECASE,
)
_SPACED = re.compile(r"-?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_SCALES = {
    "%": Fraction(1, 100),
    "percent": Fraction(1, 100),
    "thousand": Fraction(10**3),
    "million": Fraction(10**6),
    "billion": Fraction(10**9),
    "trillion": Fraction(10**12),
}

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_SMALL = {word: value for value, word in enumerate(f"{_UNITS} seventeen eighteen nineteen".split())}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_WORDED = "|".join([*(f"{tens}(?:[- ](?:{'|'.join(list(_SMALL)[1:10])}))?" for tens in _TENS), *reversed(_SMALL)])
NUMBER_WORD = rf"(?:(?:minus|negative)\s)?(?:{_WORDED})"
_WORDS = re.compile(r"[a-z]+", re.IGNORECASE)
_BEFORE = re.compile(
    r"""\s*(?:(?:
      about|approximately|around|≈|~    # about 7
    | =|[a-zA-Z∠]{1,4}\s?=              # x = 7, ∠B = 7
    )\s?)?[(\[]?""",
    re.VERBOSE,
)
"""What may stand before the number of an answer that is nothing but a number."""
_AFTER = re.compile(
    r"""[)\]]?\s*
    (?:[^\W\d]{1,16}|[°$€£¥%])?     # cm of 7 cm, ° of 7°
    (?:[ /·][^\W\d]{1,12}){0,2}     # /s of 7 m/s, a second word of 7 square feet
    [²³]?(?:\^\{?[23]\}?)?          # ² of 7 cm², ^{2} of 7 cm^{2}
    [.)\]]*\s*""",
    re.VERBOSE,
)
"""What may stand after it: a unit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number as it was written and what it is worth.

    ``scale`` is what a percent sign or a word such as "million" multiplies it by: whether the question already counts
    in percent or millions is not known here, so both readings are offered.
    """

    text: str
    value: Fraction
    scale: Fraction
    start: int
    end: int

    @property
    def readings(self) -> tuple[Fraction, ...]:
        """What it can be worth: as written, and scaled."""
        return (self.value,) if self.scale == 1 else (self.value, self.value * self.scale)


def quantities(text: str) -> Iterator[Quantity]:
    """The numbers of a plain text, from left to right."""
    # The pattern has bounds on every repetition: a model in a loop may write thousands of digits, and a search that
    # begins again at each of them would be quadratic.
    for match in _NUMBER.finditer(text):
        quantity = _quantity(match)
        if quantity is not None:
            yield quantity


def _quantity(match: re.Match[str]) -> Quantity | None:
    value = Fraction(10) ** int(match["tenth"]) if match["tenth"] else Fraction(match["above"].replace(",", ""))
    if match["exponent"] or match["power"]:
        value *= Fraction(10) ** int(match["exponent"] or match["power"])
    if match["below"]:
        below = Fraction(match["below"])
        if below == 0:
            return None
        value /= below
    value += int(match["whole"] or 0)
    sign = (match["sign"] or "").strip().lower()
    if sign in ("-", "minus", "negative"):
        value = -value
    unit = (match["unit"] or "").strip().lower()
    scale = _SCALES.get(unit, Fraction(1))
    text = " ".join(match[0].split())
    if sign.isalpha():
        text = f"-{text[len(sign) + 1 :]}"
    return Quantity(text=text, value=value, scale=scale, start=match.start(), end=match.end())


def number_in_words(text: str) -> int | None:
    """The number that ``text`` spells, such as "twenty-one" or "three hundred and five"; None if it spells none."""
    words = [word for word in _WORDS.findall(text[:80].lower()) if word != "and"]
    is_negative = words[:1] in (["minus"], ["negative"])
    words = words[is_negative:]
    if not words or len(words) > 8:
        return None
    # As it is said: "two hundred thousand and five" is a group of 200, times a thousand, and a group of 5.
    total = group = 0
    for position, word in enumerate(words):
        if word in _SMALL or word in _TENS:
            group += _SMALL.get(word, 0) + _TENS.get(word, 0)
        elif word == "a" and position == 0 and len(words) > 1:
            group = 1
        elif word == "hundred" and group:
            group *= 100
        elif word in ("thousand", "million") and group:
            total, group = total + group * int(_SCALES[word]), 0
        else:
            return None
    return -total - group if is_negative else total + group


def joined(text: str) -> str:
    """A number whose thousands are set apart by blanks, without them; any other text as it is."""
    return text.replace(" ", "") if len(text) < 40 and _SPACED.fullmatch(text) else text


def worth(text: str) -> tuple[Fraction, ...]:
    """What a text that is one number, with or without a unit, can be worth; nothing for any other text."""
    text = joined(text.strip())
    if len(text) > 80:
        return ()
    text = with_plain_signs(text)
    parsed = list(quantities(text))
    if len(parsed) == 1:
        alone = _BEFORE.fullmatch(text[: parsed[0].start]) and _AFTER.fullmatch(text[parsed[0].end :])
        return parsed[0].readings if alone else ()
    spelled = number_in_words(text) if not parsed else None
    return () if spelled is None else (Fraction(spelled),)
