"""Predictions against gold answers: by value and by type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.scoring.equality.match import (
    same_choice,
    same_integer,
    same_letter,
    same_list,
    same_number,
    same_relaxed,
    same_text,
)


@pytest.mark.parametrize(
    ("prediction", "gold", "same"),
    [
        ("7", "7", True),
        ("7.0", "7", True),
        ("14/2", "7", True),
        ("7.0000000001", "7", True),
        ("7.001", "7", False),
        ("1,204", "1204", True),
        ("25%", "25", True),
        ("5 million", "5000000", True),
        ("8", "7", False),
        ("", "", False),
        ("x", "x", False),
    ],
)
def test_integers(prediction: str, gold: str, same: bool) -> None:
    assert same_integer(prediction, gold) is same


@pytest.mark.parametrize(
    ("prediction", "gold", "precision", "same"),
    [
        ("1.25", "1.3", 1, True),
        ("1.25", "1.2", 1, True),
        ("1.24", "1.3", 1, False),
        ("-0.58779", "-0.59", 2, True),
        ("6.9e-3", "0.01", 2, True),
        ("1/3", "0.33", 2, True),
        ("0.333", "1/3", None, False),
        ("2/6", "1/3", None, True),
        ("0.5", "50%", None, True),
        ("1e999", "1", 1, False),
        ("1e999", "1e999", None, True),
        ("abc", "abc", 1, False),
    ],
)
def test_numbers(prediction: str, gold: str, precision: int | None, same: bool) -> None:
    assert same_number(prediction, gold, precision=precision) is same


@pytest.mark.parametrize(
    ("prediction", "gold", "same"),
    [("104", "100", True), ("106", "100", False), ("52%", "0.5", True), ("0", "0", True), ("1", "0", False),
     ("Blue", "blue", True), ("blue", "red", False)],
)  # fmt: skip
def test_relaxed(prediction: str, gold: str, same: bool) -> None:
    assert same_relaxed(prediction, gold) is same


def test_choices() -> None:
    assert same_choice("B", "no", ["yes", "no"])
    assert not same_choice("A", "no", ["yes", "no"])
    assert not same_choice("C", "no", ["yes", "no"])
    assert not same_choice("AB", "no", ["yes", "no"])
    assert same_letter("b", "(B)")
    assert not same_letter("", "")


def test_lists() -> None:
    assert same_list("[1, 2.0, x]", "[1,2,X]")
    assert not same_list("[2, 1]", "[1, 2]")
    assert not same_list("[1]", "[1, 2]")
    assert not same_list("[]", "[]")


def test_texts() -> None:
    assert same_text("The left lung.", "left lung")
    assert same_text("seven", "7")
    assert same_text("3 PM", "3 pm")
    assert not same_text("left lung", "right lung")
    assert not same_text("", "")


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_raises(first: str, other: str) -> None:
    for same in (same_integer, same_number, same_relaxed, same_list, same_text, same_letter):
        assert same(first, other) in (True, False)


@given(st.decimals(-(10**6), 10**6, places=3))
def test_every_number_is_itself(value: object) -> None:
    assert same_number(str(value), str(value))
    assert same_number(f"{value} cm", str(value), precision=2)
