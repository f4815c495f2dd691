"""Which run is better whatever it costs, and which level of a run suffices."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.findings import better_sentences, comparison_json, recommended_sentence
from s1m.analysis.comparison.results import write_comparison
from s1m.evaluate.store import Run
from tests.analysis.made_runs import made_record, made_run


def run_of(chances: list[float], *, problems: int = 120, seed: int = 0, name: str = "run") -> Run:
    """A run whose answer at level k is right with probability ``chances[k]``; every segment costs ten tokens."""
    rng = random.Random(seed)
    records = [
        made_record(number, correct=[rng.random() < chance for chance in chances], thinking=[10] * len(chances))
        for number in range(problems)
    ]
    return made_run(records, folder=f"runs/{name}")


def test_many_equal_levels_are_no_advantage() -> None:
    beaten = 0
    for seed in range(40):
        many = run_of([0.5] * 8, seed=seed, name="many")
        one = run_of([0.5], seed=1000 + seed, name="one")
        (best,) = [test for test in compare([one, many], Costing()).differences if test.level is None]
        beaten += best.p < 0.05 and best.difference > 0
    assert beaten <= 4  # 2.5 % of 40 is one


def test_the_better_run_is_named_in_plain_words() -> None:
    comparison = compare([run_of([0.3, 0.4], name="small"), run_of([0.6, 0.8], seed=1, name="large")], Costing())
    (sentence,) = better_sentences(comparison)
    assert sentence.startswith("large is better than small, each at its best level: ")
    assert "more problems right of 100" in sentence
    same = compare([run_of([0.5, 0.5], name="a"), run_of([0.5, 0.5], seed=3, name="b")], Costing())
    assert "no difference beyond chance" in better_sentences(same)[0]


def test_the_cheapest_level_within_the_loss_is_recommended() -> None:
    run = run_of([0.2, 0.84, 0.84, 0.87], problems=400)
    (one,) = compare([run], Costing(), loss=0.05).recommendations
    assert (one.level, one.allowed) == (1, 0.05)
    assert one.loss <= 0.05
    assert one.cost_of_best < 1
    assert "costs" in recommended_sentence(one)
    (strict,) = compare([run_of([0.0, 1.0])], Costing(), loss=0.0).recommendations
    assert (strict.level, strict.best, strict.loss_ci95) == (1, 1, None)
    assert "no cheaper level" in recommended_sentence(strict)


def test_runs_with_other_axes_are_not_compared_level_by_level() -> None:
    other = made_run(run_of([0.5, 0.5], name="v").records, folder="runs/v", settings={"strategy": "vote"})
    tests = compare([run_of([0.5, 0.5]), other], Costing()).differences
    assert [test.level for test in tests] == [None]


def test_page_and_json_hold_the_tests(tmp_path: Path) -> None:
    runs = [run_of([0.3, 0.4], name="small"), run_of([0.6, 0.8], seed=1, name="large")]
    comparison = compare(runs, Costing())
    page = write_comparison(comparison, runs, tmp_path / "compare.html").read_text(encoding="utf-8")
    assert "Whatever the cost" in page
    assert "large is better than small" in page
    plain = json.loads(json.dumps(comparison_json(comparison)))
    assert len(plain["differences"]) == 3
    assert plain["recommendations"][0]["allowed"] == pytest.approx(0.01)
