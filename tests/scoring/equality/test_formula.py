"""Answers are compared by value and by form, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.scoring.equality.formula import same_formula, same_value
from s1m.scoring.equality.match import same_relaxed, same_text

SAME = [
    (r"\left[2,5\right)", "[2, 5)"),
    (r"(-\infty, 3)", r"(-\infty,3.0)"),
    (r"x>3", r"(3,\infty)"),
    (r"x\ge3", r"[3,\infty)"),
    ("x<3", "3>x"),
    ("2<x<5", "5>x>2"),
    (r"2<x\leq5", "(2,5]"),
    ("A<B", "B>A"),
    (r"x<1 \text{ or } x>3", "x>3 or x<1"),
    (r"(-1,1)\cup(2,3)", "(-1,1) U (2,3)"),
    (r"x \in [0,1]", "[0,1]"),
    ("]2,5[", "(2,5)"),
    (r"\frac{-1}{2}", "-0.5"),
    (r"1,2,3,\ldots", r"1,2,3,\dots"),
    ("1,2,...,n", r"1, 2, \ldots, n"),
    ("1.0e-20", r"1\times10^{-20}"),
    ("6.02E23", r"6.02 \cdot 10^{23}"),
    ("1.5e3", "1500"),
    ("2e", r"2\mathrm{e}"),
    (r"\sin(\pi)", "0"),
    (r"2\frac12", "2.5"),
    (r"-1\frac{3}{4}", "-1.75"),
    ("3 1/2", "3.5"),
    ("3½", r"\frac72"),
    (r"2\frac{\sqrt{3}}{3}", r"\frac{2\sqrt3}{3}"),
    ("10:30 pm", "22:30"),
    ("10:30 a.m.", "10:30 AM"),
    ("09:05", "9:05"),
    ("3 pm", "3:00 PM"),
    ("12:00 am", "00:00"),
    ("2,-2", "-2,2"),
    (r"\pm 2", "2,-2"),
    ("(1,2)", "1, 2"),
    (r"\{1,2\}", r"\{2,1\}"),
    ("Paris, France", "paris, france."),
    ("1,234", "1234"),
    ("−5", "-5"),
]
DIFFERENT = [
    ("(2,5]", "(2,5)"),
    ("[2,5)", "2,5"),
    (r"(-\infty, 3)", r"(-\infty,3]"),
    (r"x\ge3", r"(3,\infty)"),
    ("x<3", r"x\le 3"),
    ("x>3", "y>3"),
    ("x>3", "3"),
    ("A<B", "B<A"),
    (r"x \neq 3", "x=3"),
    (r"(-1,1)\cup(2,3)", r"(-1,1]\cup(2,3)"),
    ("[1,2]", "(1,2)"),
    ("(1,2)", "(2,1)"),
    ("-5", "5"),
    ("x-1", "x+1"),
    (r"-\frac{1}{2}", r"\frac{1}{2}"),
    (r"2-\sqrt{\mathrm e}", r"2+\sqrt{\mathrm{e}}"),
    (r"x+\frac1{\mathrm e}", r"x-\frac1{\mathrm e}"),
    (r"1,2,3,\ldots", r"1,3,5,\dots"),
    ("2,4,6,...", "2,4,6"),
    (r"1+2+\cdots+n", r"1+3+\cdots+n"),
    ("1e-20", "2e-20"),
    ("1e-13", "0"),
    ("9.1e-31", "9.2e-31"),
    (r"3\frac{1}{2}", "1.5"),
    ("3 4", "12"),
    ("10:30 am", "10:30 pm"),
    ("10:30 am", "10:45"),
    ("n!", "n"),
    (r"\sqrt{5}", "5"),
    ("2(x+1)", "2x+1"),
    ("", "x"),
]


@pytest.mark.parametrize(("first", "other"), SAME)
def test_the_same(first: str, other: str) -> None:
    pytest.importorskip("math_verify")
    assert same_formula(first, other)
    assert same_formula(other, first)


@pytest.mark.parametrize(("first", "other"), DIFFERENT)
def test_not_the_same(first: str, other: str) -> None:
    pytest.importorskip("math_verify")
    assert not same_formula(first, other)
    assert not same_formula(other, first)


def test_algebra_reads_whole_formulas_only() -> None:
    pytest.importorskip("math_verify")
    assert same_formula(r"x+\frac1{\mathrm e}", r"x+\frac{1}{e}")
    assert not same_formula("1+y!!z", "1-y!!z")


@pytest.mark.parametrize(
    ("first", "other", "same"),
    [
        ("x < 3", "x > 3", False),
        ("(2,5]", "[2,5]", False),
        ("10:30 am", "10:30", True),
        ("10:30 am", "10:30 pm", False),
        ("left lung", "the left lung.", True),
    ],
)
def test_texts_keep_signs_of_mathematics(first: str, other: str, same: bool) -> None:
    assert same_text(first, other) is same_text(other, first) is same


@pytest.mark.parametrize(
    ("prediction", "gold", "same"),
    [
        ("2008", "2010", False),
        ("2010", "2010", True),
        ("14", "14%", True),
        ("0.14", "14%", True),
        ("14.5%", "14", True),
        ("15%", "14%", False),
        ("2,000", "2,010", True),
        ("210", "200", True),
    ],
)
def test_charts_are_read_to_5_percent_but_years_exactly(prediction: str, gold: str, same: bool) -> None:
    assert same_relaxed(prediction, gold) is same


SIGNS = r"0123456789.,:+-*/^!%<>≤=±∞…∪()[]{}\ examplfrcdotsinty"


@given(st.text(alphabet=SIGNS, max_size=40), st.text(alphabet=SIGNS, max_size=40))
def test_no_pair_makes_it_fail_and_order_does_not_matter(first: str, other: str) -> None:
    assert same_value(first, other) is same_value(other, first)
