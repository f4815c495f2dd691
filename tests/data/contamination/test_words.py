"""A question has the same words however it is written."""

from __future__ import annotations

import pytest

from s1m.data.contamination.words import variables, words


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("In $\\triangle A B C$, find $x$.", "in △ABC find x"),
        ("$\\angle A=60^\\circ$", "angle A = 60°"),
        ("$\\dfrac{1}{2}$ of three", "\\( \\frac{1}{2} \\) of 3"),
        ("1,200 $\\mathrm{~cm}$ <image1>", "1200 cm"),
        ("Anna\u2019s café", "ANNA'S CAFE"),
        ("<image>\nHow many degrees?", "how many °"),
    ],
)
def test_the_same_words(text: str, other: str) -> None:
    assert words(text) == words(other) != []


def test_numbers_and_names_stay() -> None:
    assert words("3.5 and 7, not 35") == ["3.5", "and", "7", "not", "35"]
    assert words("如图 AB=2") == ["如", "图", "ab", "2"]
    assert variables("The point $P Q$ lies on line $AB$, as $x$ does; I know a square.") >= {"pq", "ab", "x"}
    assert "square" not in variables("a square with A")
