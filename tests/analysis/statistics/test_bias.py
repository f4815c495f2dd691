"""Answers that a model favours or avoids."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from s1m.analysis.statistics.bias import Answered, beyond_chance, bias_sentences, biases

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"

HINT = "Hint: answer with an integer, e.g., 1, 2, 3.\nQuestion: how many are there?"


def answers(chance_of_digits: dict[str, float], seed: int = 0, number: int = 600) -> list[Answered]:
    """Gold answers are even over 0 to 9; predictions are right or drawn with these weights."""
    rng = random.Random(seed)
    rows = []
    for _ in range(number):
        gold = str(rng.randrange(10))
        drawn = rng.choices(list(chance_of_digits), list(chance_of_digits.values()))[0]
        rows.append(Answered(prompt=HINT, gold=gold, prediction=drawn))
    return rows


def test_a_model_that_answers_evenly_has_no_bias() -> None:
    for seed in range(5):
        assert beyond_chance(answers(dict.fromkeys("0123456789", 1.0), seed)) == ()


def test_a_model_that_avoids_the_digits_of_the_hint_is_named() -> None:
    weights = {digit: 0.2 if digit in "123" else 1.0 for digit in "0123456789"}
    tests = beyond_chance(answers(weights))
    assert {test.answer for test in tests if test.predicted < test.gold} >= {"1", "2", "3", ""}
    said = bias_sentences(tests)
    assert any(sentence.startswith("The model avoids numbers that the prompt names (right ") for sentence in said)
    assert any(sentence.startswith("The model avoids the digit 2 (right ") for sentence in said)


def test_a_model_that_says_yes_is_named() -> None:
    rng = random.Random(1)
    rows = [
        Answered(prompt="Is it?", gold=rng.choice(("Yes", "No")), prediction=rng.choice(("yes", "yes", "Yes", "No")))
        for _ in range(300)
    ]
    assert bias_sentences(beyond_chance(rows))[0].startswith("The model favours Yes (right ")


def test_rare_answers_and_answers_that_commit_to_nothing_are_no_bias() -> None:
    rows = [Answered(prompt="x", gold=letter, prediction=None) for letter in "ABCD"]
    assert biases(rows) == ()
    assert biases([]) == ()


@pytest.mark.shared_data
def test_the_published_baseline_of_s1m_avoids_the_numbers_of_its_prompt() -> None:
    path = SHARED / "s1m" / "qwen2vl_7b_mathvista_baseline.json"
    if not path.exists():
        pytest.skip("no shared data beside the checkout")
    rows = [
        Answered(prompt=row["query"], gold=str(row["answer"]), prediction=row["prediction"] and str(row["prediction"]))
        for row in json.loads(path.read_text(encoding="utf-8"))["results"]
    ]
    clearest, *rest = beyond_chance(rows)
    assert (clearest.kind, clearest.problems) == ("named in the prompt", 495)
    assert (clearest.gold, clearest.predicted) == (203, 131)
    assert {test.answer: test.predicted < test.gold for test in rest} == {"0": False, "1": True, "2": True, "3": True}
