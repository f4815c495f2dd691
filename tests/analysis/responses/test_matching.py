"""A number as id is the place of a problem or its id: the gold answers beside the responses settle which."""

from __future__ import annotations

from pathlib import Path

import pytest

from s1m.analysis.responses.matching import Problems, check_numbers
from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError
from s1m.types import Problem

GOLDS = ("cat", "dog", "cow", "hen")
PROBLEMS = [Problem(id=str(n), question="Which?", images=(), gold=gold) for n, gold in enumerate(GOLDS, start=1)]


def number(value: int, gold: str | None, *, is_numbered: bool = True) -> Response:
    place = value if is_numbered else value - 1
    return Response(id=str(value), response="x", position=place, is_numbered=is_numbered, gold=gold)


def settled(*responses: Response) -> list[str]:
    problems = Problems(PROBLEMS)
    check_numbers(Path("a.jsonl"), responses, problems, "animals")
    return [problem.id for response in responses if (problem := problems.find(response))]


def test_a_place_counts_from_zero_unless_the_answers_say_that_it_is_the_id() -> None:
    assert settled(number(0, "cat"), number(1, "dog")) == ["1", "2"]
    assert settled(number(1, None), number(2, None)) == ["2", "3"]
    assert settled(number(1, "cat"), number(2, "dog"), number(3, "Cow")) == ["1", "2", "3"]


def test_one_answer_that_is_spelled_otherwise_changes_nothing() -> None:
    assert settled(number(0, "cat"), number(1, "a dog"), number(2, "cow")) == ["1", "2", "3"]


def test_numbers_that_fit_neither_way_are_refused() -> None:
    with pytest.raises(DataError, match=r"2 of 2 numbers lead to another problem of animals \(0 has the gold answer"):
        settled(number(0, "hen"), number(1, "cow"))


def test_a_choice_by_letter_or_by_text_and_a_number_in_any_spelling_are_the_same() -> None:
    choice = Problem(id="a", question="Which?", images=(), gold="B", choices=("4.0", "red"))
    value = Problem(id="b", question="Which?", images=(), gold="2.50")
    problems = Problems([choice, value])
    assert problems.agrees(number(0, "Red"), choice)
    assert problems.agrees(number(1, "2.5"), value)
    assert not problems.agrees(number(0, "A"), choice)
    assert problems.agrees(number(0, None), choice) is None


def test_a_question_is_known_again_in_another_harness_words() -> None:
    told = "Put the answer into a box.\n"
    things = ("legs of a cow", "hens")
    asked = [Problem(id=each, question=f"{told}How many {each}?", images=(), gold="3") for each in things]
    problems = Problems(asked)

    def agrees(prompt: str) -> bool | None:
        return problems.agrees(Response(id="0", response="x", position=0, is_numbered=True, prompt=prompt), asked[0])

    assert agrees("How many legs of a cow?\n<image1>\nReason step by step.")
    assert agrees("How many hens?\nPut the answer into a box.") is False
