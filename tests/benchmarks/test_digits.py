"""The bundled benchmark: real handwriting, disjoint splits, the same problems everywhere."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from s1m.benchmarks import BENCHMARKS, find_benchmark
from s1m.benchmarks.digits import Digits
from s1m.errors import DataError, UsageError
from s1m.synthetic.digits.problems import CELL, LAYOUTS, QUESTIONS, handwriting, plan_problem, split_indices

DIGITS = Digits()


def test_every_gold_answer_scores_1() -> None:
    for split in DIGITS.splits:
        for problem in DIGITS.load(split=split, limit=200, data=None):
            verdict = DIGITS.score(problem, problem.gold)
            assert verdict.correct, problem.id
            assert verdict.prediction == problem.gold


def test_the_example_row_of_its_page() -> None:
    problem = DIGITS.load(split="test", limit=1, data=None)[0]
    assert problem.id == "digits-test-00000"
    assert problem.question in QUESTIONS.values()
    assert set(problem.metadata) == {"kind", "digits", "layout"}


def test_a_wrong_answer_differs_from_no_answer() -> None:
    problem = DIGITS.load(split="test", limit=1, data=None)[0]
    wrong = DIGITS.score(problem, str(int(problem.gold) + 1))
    assert (wrong.prediction, wrong.correct) == (str(int(problem.gold) + 1), False)
    nothing = DIGITS.score(problem, "I cannot say.")
    assert (nothing.prediction, nothing.correct, nothing.rule) == (None, False, "no-answer")


def test_the_splits_are_disjoint_and_hold_every_class() -> None:
    train, test = set(split_indices("train").tolist()), set(split_indices("test").tolist())
    assert not train & test
    assert len(train) + len(test) == 1797
    labels = handwriting()[1]
    assert {int(labels[i]) for i in test} == set(range(10))
    for i in range(300):
        assert set(plan_problem("test", i).indices) <= test
        assert set(plan_problem("train", i).indices) <= train


def test_the_problems_are_the_same_on_every_machine() -> None:
    problems = DIGITS.load(split="test", limit=64, data=None)
    text = "\n".join(f"{p.id} {p.question} {p.gold} {sorted(p.metadata.items())}" for p in problems)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "67b244da8e2c6361"


def test_a_longer_split_begins_with_a_shorter_one() -> None:
    assert list(DIGITS.load(split="test", limit=20, data=None))[:5] == list(
        DIGITS.load(split="test", limit=5, data=None)
    )


def test_the_golds_follow_from_the_digits_and_all_kinds_and_layouts_occur() -> None:
    problems = DIGITS.load(split="test", limit=256, data=None)
    for problem in problems:
        digits = [int(d) for d in problem.metadata["digits"].split()]
        expected = {
            "sum": sum(digits),
            "range": max(digits) - min(digits),
            "evens": len([d for d in digits if d in (0, 2, 4, 6, 8)]),
        }
        assert problem.gold == str(expected[problem.metadata["kind"]])
    assert {p.metadata["kind"] for p in problems} == set(QUESTIONS)
    assert {p.metadata["layout"] for p in problems} == {f"{rows}x{columns}" for rows, columns in LAYOUTS}


def test_pictures_show_the_handwriting_cell_by_cell() -> None:
    problem, plan = DIGITS.load(split="test", limit=1, data=None)[0], plan_problem("test", 0)
    picture = Image.open(io.BytesIO(problem.images[0]))
    assert picture.size == (plan.columns * CELL, plan.rows * CELL)
    ink = handwriting()[0][plan.indices[0]].astype(float)
    cell = 255 - np.asarray(picture.crop((2, 2, CELL - 2, CELL - 2)).resize((8, 8), Image.Resampling.BOX), float)
    assert np.corrcoef(ink.ravel(), cell.ravel())[0, 1] > 0.95


def test_what_it_does_not_have_is_refused_in_one_line() -> None:
    with pytest.raises(DataError, match="no split 'valid'"):
        DIGITS.load(split="valid", limit=1, data=None)
    with pytest.raises(UsageError, match="takes no --data"):
        DIGITS.load(split="test", limit=1, data="somewhere")


def test_benchmarks_are_looked_up_by_name_or_suggested() -> None:
    assert find_benchmark("digits") is BENCHMARKS["digits"]
    with pytest.raises(UsageError, match="did you mean digits"):
        find_benchmark("digit")
    with pytest.raises(UsageError, match=r"it is one of ai2d, .*, or a class written module:Class"):
        find_benchmark("zzz")
