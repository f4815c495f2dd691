"""One decisive word makes another question of the same picture; other words do not."""

from __future__ import annotations

import random

import pytest

from s1m.data.curate.decisive import decisive
from s1m.data.curate.duplicates import find_duplicates
from s1m.data.curate.signature import signature
from tests.cases import cases
from tests.data.contamination.clean import picture_of

STORY = (
    "In the circle with centre O shown in the figure, the chord AB has length 8 and the distance from O to AB is 3; "
    "the tangent at A meets the line OB at T and H is the foot of the height on AB. "
)


def repeats(question: str, other: str) -> bool:
    """Whether two questions about the same picture are called the same."""
    image = picture_of(random.Random(3))
    return find_duplicates([signature(question, [image]), signature(other, [image])])[1] is not None


@pytest.mark.shared_data
def test_known_pairs() -> None:
    for row in cases("duplicates"):
        assert repeats(row["a"], row["b"]) is row["duplicate"], (row["a"], row["b"])


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("What is the sine of angle A?", "What is the tangent of angle A?"),
        (r"What is $\sin A$?", r"What is $\cos A$?"),
        ("Which bar has the most votes?", "Which bar has the least votes?"),
        ("Which statement is true?", "Which statement is false?"),
        ("Which of these is a valid net?", "Which of these isn't a valid net?"),
        ("What is the length of A B?", "What is the length of A C?"),
        ("Find the value of x.", "Find the value of y."),
        ("How long is OT in cm?", "How long is OT in mm?"),
        ("How many points are above the line?", "How many points are below the line?"),
        ("How many years older is Anna in the end?", "How many years older is Anna in the end, if OT = 5?"),
        ("How many votes did Tom get from Anna?", "How many votes did Tom get from Maria?"),
        ("What is the value of x + 3?", "What is the value of x - 3?"),
        ("Is AB > AC?", "Is AB < AC?"),
        ("How many red squares are there?", "How many blue squares are there?"),
        ("What is the area of the triangle?", "What is the perimeter of the triangle?"),
        ("Which is the second largest?", "Which is the third largest?"),
        ("What happens before that?", "What happens after that?"),
        ("Find $f'(3)$.", "Find $f(3)$."),
        ("Which answer is unlikely?", "Which answer is likely?"),
        ("Are they similar?", "Are they congruent?"),
        ("What is three times that?", "What is four times that?"),
    ],
)
def test_one_decisive_word_makes_another_question(question: str, other: str) -> None:
    assert not repeats(STORY + question, STORY + other)


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("What is the sine of angle A?", "What is the sine of the angle A?"),
        ("What is the sine of angle A?", r"What is $\sin$ of angle $A$?"),
        ("What is the length of A B?", "Please, what is the length of AB?"),
        ("Which bar has the most votes?", "Which of the bars has the most votes?"),
        ("How many metres is that?", "How many m is that?"),
        ("What is three times that?", "What's 3 times that?"),
        ("Which one isn't valid?", "Which one is not valid?"),
        ("Which one is it in the figure?", "Which one is it in the figure above?"),
    ],
)
def test_other_words_make_no_other_question(question: str, other: str) -> None:
    assert repeats(STORY + question, STORY + other)


def test_what_decides_is_read_in_order() -> None:
    assert decisive("In triangle ABC, what is the sine of angle A if AB = 3 cm?") == [
        *["triangle", "a", "b", "c", "sin", "angle", "a", "a", "b", "=", "3", "cm"]
    ]
    assert decisive("A river starts at point A; I see a left-hand square.") == ["start", "point", "a", "left", "square"]
