"""The committed answer, found by rule or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.scoring.equality.match import same_integer
from s1m.scoring.readers.numbers import last_integer


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("21", "21"),
        (" 21 ", "21"),
        ("The sum is 21.", "21"),
        ("3 + 4 = 7, so 7", "7"),
        ("12 or rather 13", "13"),
        ("-4", "-4"),
        ("1,204", "1204"),
        ("about 1,204.", "1204"),
        ("(7)", "7"),
        ("**7**", "7"),
        ("", None),
        ("none of them", None),
        ("B12", None),
        ("3.5", None),
        ("v2x", None),
    ],
)
def test_the_last_whole_number(text: str, parsed: str | None) -> None:
    assert last_integer(text) == parsed


@given(st.integers(-(10**9), 10**9))
def test_every_integer_is_read_and_equals_itself(value: int) -> None:
    parsed = last_integer(f"so the answer is {value}.")
    assert parsed is not None
    assert same_integer(parsed, str(value))


@given(st.text())
def test_whatever_is_read_is_an_integer(text: str) -> None:
    parsed = last_integer(text)
    assert parsed is None or same_integer(parsed, parsed)


@pytest.mark.parametrize(
    ("prediction", "gold", "same"), [("07", "7", True), ("+7", "7", True), ("8", "7", False), ("x", "x", False)]
)
def test_integers_are_compared_by_value(prediction: str, gold: str, same: bool) -> None:
    assert same_integer(prediction, gold) is same
