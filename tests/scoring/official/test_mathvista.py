"""MathVista's two verdicts: the official one as its scorer gives it, the strict one against people and records."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from s1m.scoring.official.mathvista import edit_distance, extraction_of, is_guess, normalised, official, strict
from s1m.types import Problem
from tests.scoring.recorded import SHARED, problems, recorded

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no benchmark data beside the checkout")

OFFICIAL = {
    "bard": 1000,
    "chatgpt_2shot_solution": 1000,
    "claude": 1000,
    "gpt4_2shot_solution": 1000,
    "idefics_9b_instruct": 998,
    "llama_adapter_v2": 1000,
    "llava_llama_2_13b": 1000,
    "minigpt4_llama2": 1000,
}
"""Recorded verdicts that come out the same. The two others were given when "1.0" was not read as an integer."""

STRICT = {
    "bard": 981,
    "chatgpt_2shot_solution": 978,
    "claude": 989,
    "gpt4_2shot_solution": 965,
    "idefics_9b_instruct": 968,
    "llama_adapter_v2": 978,
    "llava_llama_2_13b": 909,
    "minigpt4_llama2": 984,
}
"""How often a first rule-based extractor agreed with the recorded verdicts that rest on no guess: our floor."""

CONSTANTS = (
    "",
    "None",
    "N/A",
    "Sorry, I cannot help with that.",
    "This model's maximum context length is 8192 tokens.",
    "Final answer:",
)


def problem(
    gold: str, choices: Sequence[str] = (), answer_type: str = "text", precision: str = "", question: str = "?"
) -> Problem:
    kind = "multi_choice" if choices else "free_form"
    metadata = {"question_type": kind, "answer_type": answer_type, "precision": precision, "unit": ""}
    return Problem(id="1", question=question, images=(), gold=gold, choices=tuple(choices), metadata=metadata)


@needs_shared
@pytest.mark.shared_data
@pytest.mark.parametrize("model", OFFICIAL)
def test_official_verdicts_are_those_on_record(model: str) -> None:
    assert sum(official(row.problem, row.extraction) == row.official for row in recorded(model)) == OFFICIAL[model]


@needs_shared
@pytest.mark.shared_data
def test_strict_verdicts_agree_with_recorded_ones_that_rest_on_no_guess() -> None:
    agreed = {}
    for model in STRICT:
        rows = recorded(model)
        labels = [row.official and not is_guess(row.problem, row.extraction) for row in rows]
        agreed[model] = sum(
            strict(row.problem, row.response)[1] == label for row, label in zip(rows, labels, strict=True)
        )
    assert all(agreed[model] >= floor for model, floor in STRICT.items()), agreed
    floor = sum(STRICT.values()) / len(STRICT)
    assert sum(agreed.values()) / len(agreed) >= floor + (1000 - floor) / 3, agreed


@needs_shared
@pytest.mark.shared_data
@pytest.mark.parametrize("text", CONSTANTS)
def test_constant_responses_score_nothing(text: str) -> None:
    assert not [pid for pid, asked in problems().items() if strict(asked, text)[1]]


@needs_shared
@pytest.mark.shared_data
def test_gold_answers_score_1() -> None:
    assert all(strict(asked, asked.gold)[1] for asked in problems().values())


@pytest.mark.parametrize(
    ("extraction", "parsed"),
    [
        ("B", "no"),
        (" (b) ", "no"),
        ("(A) since (B)", "yes"),
        ("no", "no"),
        ("D", "no"),  # no such letter: as far from "no" as it can be, and nearer than from "yes"
        ("b", "no"),
        ("", "no"),
        ("yess", "yes"),
    ],
)
def test_the_official_choice_guesses(extraction: str, parsed: str) -> None:
    assert normalised(problem("no", ["yes", "no"]), extraction) == parsed


def test_the_first_of_two_equally_near_choices_is_guessed() -> None:
    assert normalised(problem("no", ["cat", "car"]), "ca") == "cat"


@pytest.mark.parametrize(
    ("answer_type", "precision", "extraction", "parsed"),
    [
        ("integer", "", "7", "7"),
        ("integer", "", "7.9", "7"),
        ("integer", "", "seven", None),
        ("integer", "", "inf", None),
        ("float", "1", "1.26", "1.3"),
        ("float", "2", "3", "3.0"),
        ("float", "1.0", "x", None),
        ("list", "", "[1, 2]", "[1, 2]"),
    ],
)
def test_official_values(answer_type: str, precision: str, extraction: str, parsed: str | None) -> None:
    assert normalised(problem("7", answer_type=answer_type, precision=precision), extraction) == parsed


def test_what_the_official_extractor_finds_without_a_language_model() -> None:
    choice = problem("no", ["yes", "no"])
    assert extraction_of(choice, "no") == "no"
    assert extraction_of(choice, "") == ""
    assert extraction_of(choice, "B") is None
    assert extraction_of(choice, 'The answer is "no".') is None
    assert extraction_of(choice, 'The answer is "no".', quick=True) == "no"
    assert extraction_of(problem("7", answer_type="integer"), " 7 ") == "7"
    assert extraction_of(problem("7", answer_type="integer"), "7.0") is None
    assert extraction_of(problem("7.0", answer_type="float", precision="1"), "7") == "7.0"


@pytest.mark.parametrize(
    ("first", "other", "distance"), [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2)]
)
def test_edit_distance(first: str, other: str, distance: int) -> None:
    assert edit_distance(first, other) == edit_distance(other, first) == distance


def test_strict_verdicts_by_type() -> None:
    assert strict(problem("no", ["yes", "no"]), "It is (B).") == ("B", True, "whole")
    assert strict(problem("7", answer_type="integer"), "So there are 7.5 of them.") == ("7.5", False, "conclusion")
    assert strict(problem("1.3", answer_type="float", precision="1"), "The answer is 1.25 m.")[1]
    assert strict(problem("[1, 2]", answer_type="list"), "[1,2]")[1]
    asked = "Hint: say yes or no.\nQuestion: Is the sky blue? (Unit: $)\nChoices:\n(A) yes\n(B) no"
    assert strict(problem("yes", ["yes", "no"], question=asked), "The sky is blue.")[1]
