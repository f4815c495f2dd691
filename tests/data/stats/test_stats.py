"""``s1m data stats``: the numbers of every source, right whatever the number of processes; table, JSON and figure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from s1m.cli import main
from s1m.data.stats.measure import ALONE, Spread, measure
from s1m.data.stats.plot import density, limits, plot_lengths
from s1m.datasets.source import Source
from s1m.datasets.sources.stream import BATCH
from s1m.datasets.tokens import TokenCounter
from tests.datasets.sets import write_lines


def row(length: int, domain: str = "") -> dict[str, str]:
    return {"prompt": "How many?", "response": "a" * 4 * length, **({"domain": domain} if domain else {})}


def spread_of(path: Path, workers: int = 0) -> Spread:
    *_, spread = measure(Source(path=str(path)), TokenCounter(), column="", by="domain", workers=workers)
    return spread


def test_lengths_by_source_and_by_domain(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [row(3, "maze"), row(1, "maze"), row(7, "chart"), row(2)])
    spread = spread_of(path)
    assert spread.lengths().tolist() == [1, 2, 3, 7]
    assert spread.lengths("maze").tolist() == [1, 3]
    assert spread.groups == ["maze", "chart"]


def test_several_processes_count_what_one_counts(tmp_path: Path) -> None:
    rows = (row(number % 97 + 1, "ab"[number % 2]) for number in range(BATCH * (ALONE + 2)))
    path = write_lines(tmp_path / "a.jsonl", rows)
    assert spread_of(path, workers=2).counts == spread_of(path).counts


def test_the_command_writes_table_figure_and_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(
        tmp_path / "some" / "a.jsonl", [*[row(10, "maze")] * 9, row(5000, "chart"), {"prompt": 1, "response": 2}]
    )
    assert main(["data", "stats", str(path), "digits", "--rows", "20", "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "some/a.jsonl" in shown
    assert "digits" in shown
    stats = json.loads((tmp_path / "out" / "stats.json").read_text())
    mine = stats["sources"][0]
    assert (mine["rows"], mine["mean"], mine["median"], mine["longest"]) == (10, 509.0, 10.0, 5000)
    assert (mine["above_1024"], mine["above_4096"], mine["above_8192"]) == (0.1, 0.1, 0.0)
    assert mine["broken"] == {"no text": 1}
    assert mine["groups"]["chart"]["rows"] == 1
    assert stats["tokens"] == "estimated: characters / 4"
    assert (tmp_path / "out" / "lengths.png").stat().st_size > 10_000
    assert "mean 509" in (tmp_path / "out" / "lengths.svg").read_text()


def test_a_source_without_responses_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"prompt": "?", "response": 3}])
    assert main(["data", "stats", str(path), "--out", str(tmp_path / "out")]) != 0
    assert "has no responses to measure: no text (1)" in capsys.readouterr().err


def test_wrong_flags_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_lines(tmp_path / "a.jsonl", [row(3, "maze"), row(2, "chart")])
    given = ["data", "stats", str(path), "--out", str(tmp_path / "out")]
    assert main([*given, "--by", "domian"]) == 1
    assert "no row has anything in a column domian" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main([*given, "--rows", "0"])
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("s1m data stats: argument --rows: expected a whole number from 1 to")
    assert error.count("\n") == 1


def test_a_density_has_its_top_where_most_lengths_are_and_ignores_their_number() -> None:
    at = np.linspace(0, 1000, 512)
    lengths = np.concatenate([np.full(900, 200), np.full(100, 700)])
    curve = density(lengths, at, logarithmic=False)
    assert curve.max() == pytest.approx(1.0)
    assert at[curve.argmax()] == pytest.approx(200, abs=5)
    assert curve[np.abs(at - 700).argmin()] == pytest.approx(1 / 9, abs=0.02)
    assert np.allclose(density(np.repeat(lengths, 5), at, logarithmic=False).argmax(), curve.argmax())


def test_short_and_long_sources_are_on_one_logarithmic_axis() -> None:
    short, long = Spread(name="short"), Spread(name="long")
    short.counts["", 20] = 5
    long.counts["", 9000] = 5
    assert plot_lengths([short, long], "estimated").axes[-1].get_xscale() == "log"
    assert plot_lengths([short], "estimated").axes[-1].get_xscale() == "linear"
    low, high = limits([short.lengths(), long.lengths()], logarithmic=True)
    assert low <= 20 < 9000 <= high
