"""Cost of inspecting a row of data, by filter, and of inspecting a million rows.

The rows are those of longvision, drawn and encoded, so traces and pictures are of a realistic size; the benchmark to
protect is MathVision where its files are given, else digits. Then the same rows go through two processes and through
Ray with two workers. `python perf/looking.py [--mathvision FOLDER]`, three minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from keep import keep
from rich.console import Console

from s1m.data.curate.filter_settings import Target
from s1m.data.curate.inspect import Inspector
from s1m.data.curate.look import looked_at
from s1m.data.curate.prepare import prepare
from s1m.data.curate.settings import CurateSettings
from s1m.data.curate.signature import signature
from s1m.data.generate import generate_rows
from s1m.data.trace_row import trace_row
from s1m.datasets.source import Source
from s1m.datasets.tokens import TokenCounter

ROWS = 600
CORES = 64
"""Cores of the cluster for which the million rows are extrapolated."""
MILLION = 1_000_000


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of ``work``."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def inspector_of(settings: CurateSettings, folder: Path) -> Inspector:
    """The inspector of the rows, with its index built."""
    return prepare(settings, folder, Console(quiet=True))


def by_filter(inspector: Inspector) -> list[tuple[object, ...]]:
    """Milliseconds per row and core hours per million rows of every step, in one process."""
    examples, delimiters = inspector.examples, inspector.settings.delimiters
    numbers = range(len(examples))
    spent = {"reading": seconds(lambda: [trace_row(examples[number], delimiters) for number in numbers])}
    rows = [trace_row(examples[number], delimiters) for number in numbers]
    spent["signature"] = seconds(lambda: [signature(row.prompt, row.images) for row in rows])
    for name, each in inspector.filters:
        each.refuses(rows[0])  # the index is read once
        spent[name] = seconds(lambda each=each: [each.refuses(row) for row in rows])
    spent["tokens"] = seconds(lambda: TokenCounter("bundled").count([row.response for row in rows]))
    spent["all"] = sum(spent.values())
    hours = {name: spent[name] / len(rows) * MILLION / 3600 for name in spent}
    return [(name, f"{1e3 * spent[name] / len(rows):.2f}", f"{hours[name]:.1f}") for name in spent]


def rates_of(inspector: Inspector, settings: CurateSettings) -> dict[str, float]:
    """Rows per second in one process, in two, and through Ray; all must give the same findings."""
    ways = {
        "one process": replace(settings, workers=0),
        "two processes": replace(settings, workers=2),
        "Ray, two workers": replace(settings, ray="local", workers=2),
    }
    findings, rates = {}, {}
    for name, way in ways.items():
        again = Inspector(examples=inspector.examples, filters=inspector.filters, settings=way)
        started = time.perf_counter()
        findings[name] = [finding for some in looked_at(again, range(ROWS)) for finding in some]
        rates[name] = ROWS / (time.perf_counter() - started)
    assert findings["one process"] == findings["two processes"] == findings["Ray, two workers"]
    return rates


def main() -> None:
    """Measure, then extrapolate to a million rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mathvision", default="", help="folder with MathVision's parquet files")
    given = parser.parse_args()
    target = Target(benchmark="mathvision", split="test", data=given.mathvision)
    target = target if given.mathvision else Target(benchmark="digits")
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "rows"
        generate_rows(Source(path="longvision", rows=ROWS), TokenCounter(), seed=1, out=made)
        data, out = (Source(path=str(made)),), Path(scratch) / "out"
        out.mkdir()
        settings = CurateSettings(data=data, out=str(out), target=(target,), tokenizer="bundled")
        inspector = inspector_of(settings, out)
        rows = by_filter(inspector)
        size = sum(path.stat().st_size for path in made.rglob("*.parquet"))
        rates = rates_of(inspector, settings)
    every = float(str(rows[-1][2]))
    keep(
        "looking",
        "Cost of inspecting a row",
        ("what", "ms per row", "core hours for a million rows"),
        rows,
        [
            f"{ROWS} rows of longvision, {size / ROWS / 1024:.0f} kB each with picture; against {target.benchmark}.",
            ", ".join(f"{name}: {rate:.0f} rows/s" for name, rate in rates.items())
            + ", start-up included; all three give the same findings.",
            f"A million such rows: {every:.0f} core hours, {every / CORES:.1f} hours on {CORES} cores, and "
            f"{size / ROWS * MILLION / 1e9:.0f} GB to read.",
        ],
    )


if __name__ == "__main__":
    main()
