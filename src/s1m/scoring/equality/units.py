"""Decide equality where two measures state different units: 5 cm is not 5 m, and 500 cm is.

same_measure("5 cm", "5 m")        False
same_measure("500 cm", "5 m")      True
same_measure("5 cm^2", "5 cm^3")   False
same_measure("5 cm", "5")          None: only where both state a unit of the table is it decided here
"""

from __future__ import annotations

import re
from fractions import Fraction

from s1m.scoring.text.plain import plain
from s1m.scoring.text.quantity import worth

_UNITS = {
    "mm": ("length", Fraction(1, 1000)),
    "cm": ("length", Fraction(1, 100)),
    "dm": ("length", Fraction(1, 10)),
    "m": ("length", Fraction(1)),
    "km": ("length", Fraction(1000)),
    "mg": ("mass", Fraction(1, 1000)),
    "g": ("mass", Fraction(1)),
    "kg": ("mass", Fraction(1000)),
    "ms": ("time", Fraction(1, 1000)),
    "s": ("time", Fraction(1)),
    "min": ("time", Fraction(60)),
}
"""What a unit measures, and how many of the base unit it is."""

_MEASURE = re.compile(rf"(.{{1,40}}?)\s*({'|'.join(_UNITS)})\s?(?:\^?\s?\{{?([23])\}}?|([²³]))?\.?")
_RAISED = {"²": 2, "³": 3}


def same_measure(first: str, other: str) -> bool | None:
    """Whether two measures of different units are the same; None where not both state a unit, or both the same."""
    ours, theirs = _measure(first), _measure(other)
    if ours is None or theirs is None or ours[1:] == theirs[1:]:
        return None
    (number, unit, power), (wanted, wanted_unit, wanted_power) = ours, theirs
    (dimension, scale), (wanted_dimension, wanted_scale) = _UNITS[unit], _UNITS[wanted_unit]
    if (dimension, power) != (wanted_dimension, wanted_power):
        return False
    scaled = {value * wanted_scale**power for value in worth(wanted)}
    return any(value * scale**power in scaled for value in worth(number))


def _measure(text: str) -> tuple[str, str, int] | None:
    """The number of a measure, its unit, and 1, 2 or 3 for a length, an area and a volume."""
    match = _MEASURE.fullmatch(" ".join(plain(text[:80]).split())) if len(text) <= 80 else None
    if match is None or not worth(match[1]):
        return None
    return match[1], match[2], int(match[3] or _RAISED.get(match[4] or "", 1))
