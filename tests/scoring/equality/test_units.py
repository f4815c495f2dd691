"""Measures whose units differ."""

from __future__ import annotations

import pytest

from s1m.scoring.equality.formula import same_formula
from s1m.scoring.equality.units import same_measure


@pytest.mark.parametrize(
    ("first", "other", "same"),
    [
        ("5 cm", "5 m", False),
        (r"5\text{ cm}", r"5\text{ m}", False),
        ("500 cm", "5 m", True),
        ("5 cm^2", "5 cm^3", False),
        ("5 cm²", r"5\text{cm}^2", True),
        ("5 m^2", "50000 cm^2", True),
        ("2 kg", "2 s", False),
        ("120 s", "2 min", True),
        (r"5\text{ cm}", "5", True),
        (r"5\text{cm}", "5 cm", True),
        (r"2\mathrm{e}", "2", False),
    ],
)
def test_units_that_differ(first: str, other: str, same: bool) -> None:
    assert same_formula(first, other) is same
    assert same_formula(other, first) is same


def test_without_two_units_nothing_is_decided() -> None:
    for first, other in (("5 cm", "5"), ("5 cm", "6 cm"), ("x m", "x cm"), ("5" * 100 + " m", "5 cm")):
        assert same_measure(first, other) is None
