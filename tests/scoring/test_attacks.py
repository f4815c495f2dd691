"""Answers that were read wrongly or not at all, by kind."""

from __future__ import annotations

import pytest

from s1m.scoring.answer import AnswerKind, committed
from s1m.scoring.equality.match import same_list, same_number, same_relaxed, same_text

NUMBERS = ("3", "5", "7", "9")
COLOURS = ("red", "blue", "green", "dark blue")


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("<|START_THINKING|>it is A<|END_THINKING|><|START_RESPONSE|>B<|END_RESPONSE|>", "B"),
        ("<|START_THINKING|>it is A", None),
        ("<seed:think>A</seed:think>B<seed:eos>", "B"),
        ("因此，选择 B。", "B"),
        ("B\x00", "B"),
        ("A: 3, B: 5, so I choose B", "B"),
        ("A: 3", "A"),
    ],
)
def test_dressed_letters(text: str, letter: str | None) -> None:
    assert committed(text, kind="choice", choices=NUMBERS).prediction == letter


def test_a_choice_that_is_denied_is_not_chosen() -> None:
    assert committed("It is blue, not dark blue.", kind="choice", choices=COLOURS).prediction == "B"
    assert committed("It is dark blue, not blue.", kind="choice", choices=COLOURS).prediction == "D"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The answer is minus 5.", "-5"),
        ("Answer: negative 5", "-5"),
        ("negative five", "-5"),
        ("The answer is negative five.", "-5"),
        ("12 minus 5 is 7", "7"),
        ("The answer is 5²", None),
    ],
)
def test_signs_and_powers(text: str, number: str | None) -> None:
    assert committed(text, kind="integer").prediction == number


@pytest.mark.parametrize(("kind", "text"), [("yes_no", "Yes and no."), ("yes_no", "Well, yes and no")])
def test_both_are_neither(kind: AnswerKind, text: str) -> None:
    assert committed(text, kind=kind).prediction is None


def test_gold_answers_are_read_as_predictions_are() -> None:
    assert same_number("5", "$5")
    assert same_number("0.5", "½")
    assert same_relaxed("1000", "$1,000")
    assert same_text("e\u0301", "\xe9")
    assert same_text("a", "a")
    assert not same_text("a", "the")
    assert same_list("['a', 'b']", "[a, b]")
