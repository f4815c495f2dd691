"""A run with several samples of every problem: means and intervals over problems, pass@k and maj@k."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.run.report import write_report
from s1m.analysis.run.sentences import samples_sentence
from s1m.analysis.run.summarize import summarize
from s1m.cli import main
from s1m.evaluate.store import Run
from tests.analysis.made_runs import made_record, made_run


def several(rights: list[list[bool]], folder: str = "runs/several") -> Run:
    """A run of two levels; ``rights`` has a row for a problem, the verdicts of its samples at the second level."""
    records = []
    for number, row in enumerate(rights):
        for sample, right in enumerate(row):
            record = made_record(number, correct=[False, right], thinking=[10, 10])
            records.append(replace(record, key=f"{100 * number + sample:016x}", sample=sample))
    return made_run(records, folder=folder)


def test_a_problem_counts_once_however_many_samples_it_has() -> None:
    summary = summarize(several([[True, True, False, False], [True] * 4, [False] * 4]))
    last = summary.levels[-1]
    assert (summary.problems, summary.samples) == (3, 4)
    assert last.accuracy == pytest.approx(0.5)
    assert [each.k for each in last.at_k] == [1, 2, 3, 4]
    assert [each.pass_at_k for each in last.at_k] == pytest.approx([1 / 2, (5 / 6 + 1) / 3, 2 / 3, 2 / 3])
    assert last.at_k[0].maj_at_k == pytest.approx(0.5, abs=0.02)
    assert last.lost == 0
    assert "avg@4 50.0 %" in samples_sentence(summary)


def test_a_half_finished_run_has_at_k_for_what_all_problems_have() -> None:
    last = summarize(several([[True, False], [True, False, True], [False, True]])).levels[-1]
    assert [each.k for each in last.at_k] == [1, 2]
    assert summarize(several([[True], [True, False]])).levels[-1].at_k == ()


def test_intervals_are_over_problems_and_not_over_answers() -> None:
    copies = summarize(several([[index % 2 == 0] * 8 for index in range(40)])).levels[-1]
    once = summarize(several([[index % 2 == 0] for index in range(40)])).levels[-1]
    assert copies.accuracy_ci95 == once.accuracy_ci95
    assert copies.gain_ci95 == once.gain_ci95
    assert copies.mcnemar_p == once.mcnemar_p


def test_runs_with_samples_are_compared_problem_by_problem() -> None:
    rng = random.Random(0)
    good = several([[rng.random() < 0.9 for _ in range(4)] for _ in range(60)], "runs/good")
    bad = several([[rng.random() < 0.4 for _ in range(4)] for _ in range(60)], "runs/bad")
    comparison = compare([bad, good], Costing())
    by_level = {test.level: test for test in comparison.differences}
    assert set(by_level) == {0, 1, None}
    assert by_level[1].problems == by_level[None].problems == 60
    assert by_level[1].difference == pytest.approx(0.5, abs=0.12)
    assert by_level[1].holm_p < 0.001
    assert by_level[0].difference == 0
    assert by_level[0].holm_p == 1.0
    (pair,) = comparison.pairs
    assert pair.problems == 60


def test_the_report_draws_samples(tmp_path: Path) -> None:
    page = write_report([several([[True, False], [True, True], [False, True]])], tmp_path / "report.html").read_text()
    assert "pass@k" in page
    assert "3 problems x 2 samples" in page
    assert not re.search("pass@k", write_report([several([[True]] * 3)], tmp_path / "one.html").read_text())


def test_power_is_planned_from_words_and_from_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["power", "--baseline", "0.60", "--gain", "0.03"]) == 0
    assert "2,064 problems" in capsys.readouterr().out
    run = str(Path(__file__).parents[2] / "data_runs" / "sequential")
    assert main(["power", "--gain", "0.03", "--run", run]) == 2
    assert "needs at least 20 problems" in capsys.readouterr().err
    for wrong in (
        ["--gain", "0.03"],
        ["--gain", "3", "--baseline", "0.6"],
        ["--gain", "0.03", "--baseline", "0.6", "--power", "1"],
        ["--gain", "0.8", "--baseline", "0.1", "--correlation", "0.9"],
    ):
        assert main(["power", *wrong]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
