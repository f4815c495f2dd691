"""Strategies side by side: the points, the tests at equal cost, the page and the command."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.findings import Comparison, comparison_json
from s1m.analysis.comparison.model_shape import ModelShape
from s1m.analysis.comparison.results import write_comparison
from s1m.analysis.comparison.table import print_comparison
from s1m.errors import UsageError
from s1m.evaluate.store import Run
from s1m.types import Record
from tests.analysis.made_runs import made_record, made_run, voted_record

TOKENS = Costing()


def sequential(rows: Sequence[Sequence[bool]], thinking: Sequence[int] = (9, 10, 20), name: str = "seq") -> Run:
    records = [made_record(i, correct=row, thinking=thinking, answer_tokens=1) for i, row in enumerate(rows)]
    return made_run(records, folder=f"runs/{name}")


def vote(said: Sequence[Sequence[str]], thinking: int = 9, name: str = "vote") -> Run:
    records: list[Record] = [voted_record(i, row, thinking=thinking) for i, row in enumerate(said)]
    return made_run(records, folder=f"runs/{name}", settings={"strategy": "vote"})


def both() -> Comparison:
    """Ten problems. Costs: sequential 10, 20, 40; vote 10, 20, 40. At 40: 3 of 10 right against 8 of 10."""
    rows = [[False, False, i < 3] for i in range(10)]
    said = [["12", "12", "11", "11"] if i in (0, 9) else ["12", "11", "11", "11"] for i in range(10)]
    said[0] = said[9] = ["12", "12", "12", "11"]
    return compare([sequential(rows), vote(said)], TOKENS)


def test_every_level_of_every_run_is_a_point_with_its_cost() -> None:
    seq, votes = both().curves
    assert [(point.level, point.cost, point.accuracy) for point in seq.points] == [(0, 10, 0), (1, 20, 0), (2, 40, 0.3)]
    assert [(point.level, point.cost, point.accuracy) for point in votes.points] == [
        (1, 10, 0),
        (2, 20, 0),
        (4, 40, 0.8),
    ]
    assert (votes.strategy, votes.axis, votes.metrics.performance) == ("vote", "chains that vote", 0.8)
    cost_ci95 = votes.points[0].cost_ci95
    assert cost_ci95 is not None
    assert (cost_ci95.low, cost_ci95.high) == (10, 10)
    assert [point.on_front for curve in (seq, votes) for point in curve.points] == [
        True,
        False,
        False,
        False,
        False,
        True,
    ]


def test_runs_are_tested_at_the_most_expensive_equal_cost() -> None:
    (pair,) = both().pairs
    assert (pair.one_level, pair.other_level, pair.one_cost, pair.other_cost, pair.problems) == (2, 4, 40, 40, 10)
    assert (pair.gained, pair.lost) == (6, 1)  # problem 0 only the first has right; 3 to 8 only the second
    assert pair.difference == 0.5
    assert pair.mcnemar_p == pair.holm_p == 2 * (1 + 7) / 2**7
    assert pair.difference_ci95 is not None
    assert 0 <= pair.difference_ci95.low < 0.5 < pair.difference_ci95.high <= 1


def test_nearly_equal_is_within_ten_per_cent_and_holm_counts_all_pairs() -> None:
    rows = [[False, True]] * 8
    near = sequential(rows, (9, 11), "near")  # 10, 21
    cheap = sequential([[False, False]] * 8, (9, 10), "cheap")  # 10, 20
    far = sequential(rows, (99, 100), "far")  # 100, 200
    result = compare([near, cheap, far], TOKENS)
    assert [(pair.one, pair.other, pair.one_level, pair.other_level) for pair in result.pairs] == [
        ("near", "cheap", 1, 1)
    ]
    assert result.apart == (("near", "far"), ("cheap", "far"))
    three = compare([near, cheap, sequential([[False, True]] * 8, (9, 10), "third")], TOKENS)
    assert [pair.mcnemar_p for pair in three.pairs] == [2 / 2**8, 1.0, 2 / 2**8]
    assert [pair.holm_p for pair in three.pairs] == [3 * 2 / 2**8, 1.0, 3 * 2 / 2**8]


def test_unclosed_thinking_is_also_counted_wrong_and_left_out() -> None:
    records = [
        made_record(0, correct=[True], thinking=[9], stops=["capped"]),
        made_record(1, correct=[True], thinking=[9]),
        made_record(2, correct=[False], thinking=[9]),
        made_record(3, correct=[False], thinking=[9], stops=["looped"]),
    ]
    (point,) = compare([made_run(records)], TOKENS).curves[0].points
    assert (point.accuracy, point.unclosed) == (0.5, 2)
    assert (point.unclosed_wrong.accuracy, point.unclosed_left_out.accuracy) == (0.25, 0.5)
    assert point.unclosed_wrong.ci95 is not None
    assert point.unclosed_left_out.ci95 is not None
    assert point.unclosed_left_out.ci95.high > point.unclosed_wrong.ci95.high
    (alone,) = compare([made_run(records[:1])], TOKENS).curves[0].points
    assert (alone.unclosed_left_out.accuracy, alone.unclosed_left_out.ci95) == (None, None)


def test_only_the_problems_of_both_are_paired() -> None:
    first = sequential([[False, True]] * 4, (9, 10), "one")
    other = made_run(
        [made_record(i, correct=[True, True], thinking=[9, 10], answer_tokens=1) for i in range(2, 9)],
        folder="runs/other",
    )
    result = compare([first, other], TOKENS)
    assert result.pairs[0].problems == 2
    assert any("only 2 problems are in every run" in note for note in result.notes)
    strangers = compare([first, made_run([made_record(8, correct=[True], thinking=[9])], folder="runs/x")], TOKENS)
    assert strangers.apart == (("one", "x"),)


def test_areas_are_over_the_common_range_of_costs() -> None:
    result = both()
    assert result.area_range == (10, 40)
    assert [curve.area for curve in result.curves] == [pytest.approx(0.3 / 4), pytest.approx(0.8 / 4)]


def test_warnings_name_where_the_runs_differ() -> None:
    records = [made_record(0, correct=[True], thinking=[9])]
    first = made_run(records, folder="runs/one", failed=2)
    other = made_run(records, folder="runs/two", settings={"model": "else", "engine": "vllm", "temperature": 1.0})
    notes = compare([first, other], Costing(unit="seconds")).notes
    for said in ("different models: models/tiny, else", "2 problems of one failed", "differ in temperature: 0.6, 1.0"):
        assert any(said in note for note in notes), said
    assert any("seconds on different engines" in note for note in notes)
    assert not any("different engines" in note for note in compare([first, other], TOKENS).notes)
    assert "prompt and image tokens are left out" in compare([first], TOKENS).notes[-1]
    flops = Costing(unit="flops", shape=ModelShape(parameters=1, layers=1, hidden=1), prompt_tokens=300)
    assert "300 prompt tokens a problem" in compare([first], flops).notes[-1]


def test_what_cannot_be_compared_is_refused() -> None:
    first = sequential([[True]], [9])
    with pytest.raises(UsageError, match="the runs are of several benchmarks: digits, mathvista; compare"):
        compare([first, made_run(first.records, settings={"benchmark": "mathvista"})], TOKENS)
    with pytest.raises(UsageError, match="runs/none has no records yet"):
        compare([first, made_run([], folder="runs/none")], TOKENS)


def test_the_json_has_no_nan_and_the_table_fits_a_terminal() -> None:
    result = both()
    document = json.loads(json.dumps(comparison_json(result), allow_nan=False))
    assert document["unit"] == "tokens"
    assert document["curves"][1]["points"][2]["on_front"] is True
    assert document["pairs"][0]["difference"] == 0.5
    console = Console(file=io.StringIO(), width=80)
    print_comparison(result, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "…" not in text
    assert "seq 2, vote 4" in text
    assert "At equal cost no run beats another beyond chance (1 pair tested, Holm-adjusted)." in text


def test_the_page_shows_everything_and_loads_nothing(tmp_path: Path) -> None:
    runs = [sequential([[False, True, True]] * 12, name="<img src=y>"), vote([["12"] * 4] * 12)]
    source = write_comparison(compare(runs, TOKENS), runs, tmp_path / "deep" / "c.html").read_text()
    assert "<img" not in source
    assert "<script" not in source
    assert "is 100.0 points better than vote" in source
    assert source.count("<figure") == 1
    assert source.count("<svg ") == 2 + 2 * 2  # for desktops and phones, and the looks of two runs in two tables
    assert "max_thinking_tokens" in source
    assert set(re.findall(r"https?://[^\s\"'<>)]+", source)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_a_comparison_of_free_answers_is_drawn(tmp_path: Path) -> None:
    runs = [made_run([made_record(0, correct=[True], thinking=[0], answer_tokens=0)])]
    assert "<svg" in write_comparison(compare(runs, TOKENS), runs, tmp_path / "c.html").read_text()
