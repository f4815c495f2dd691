"""What formulas are worth, and that no text makes the reader fail or hang."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.scoring.equality.formula import same_value
from s1m.scoring.equality.value import Value, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", Fraction(42)),
        ("-1,234.5", Fraction(-2469, 2)),
        (r"\frac{1}{3}", Fraction(1, 3)),
        (r"\dfrac12", Fraction(1, 2)),
        (r"-\frac{24}{25}", Fraction(-24, 25)),
        ("1:3", Fraction(1, 3)),
        ("2(3+4)^2", Fraction(98)),
        ("5!", Fraction(120)),
        ("50%", Fraction(1, 2)),
        (r"\boxed{\frac{16}{7}}", Fraction(16, 7)),
        (r"\frac{3^{1008}-1}{3^{1009}}", Fraction(3**1008 - 1, 3**1009)),
        (r"6 \sqrt{3}+4 \pi", 6 * math.sqrt(3) + 4 * math.pi),
        (r"$\frac{3\sqrt{2}}{2}$", 3 * math.sqrt(2) / 2),
        (r"\sqrt[3]{8}", 2.0),
        (r"2\sin(0)", 0.0),
    ],
)
def test_the_value_of_a_formula(text: str, value: Value) -> None:
    parsed = value_of(text)
    assert parsed == value if isinstance(value, Fraction) else parsed == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "x+1", "12cm", "1/0", "(1,2)", "3)", "(3", "9" * 301, r"\sqrt{-1}", "2^(9^9)", "."]
)
def test_what_has_no_value(text: str) -> None:
    assert value_of(text) is None


@given(st.text(alphabet="0123456789.,+-*/^!%:(){}[]\\ fracsqrtpie", max_size=60))
def test_no_text_makes_it_fail(text: str) -> None:
    parsed = value_of(text)
    assert parsed is None or math.isfinite(parsed)


def test_answers_are_the_same_by_value_or_as_texts() -> None:
    assert same_value("0.5", r"$\frac{1}{2}$")
    assert same_value(r"2\sqrt{3}", r"\sqrt{12}")
    assert same_value("(1, 2)", "(1,2)")
    assert same_value("pine cone", "Pine cone")
    assert not same_value("3.14", r"\pi")
    assert not same_value("x+1", "x+2")
