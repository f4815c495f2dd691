"""What it costs to look at a row of data, filter by filter, and what a million rows would cost.

The rows are those of longvision, drawn and encoded, so traces and pictures are of a realistic size; the benchmark that
nothing may be taken from is MathVision where its files are given, else digits. Then the same rows go through two
processes and through Ray with two workers. `python perf/looking.py [--mathvision FOLDER]`, three minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from keep import keep
from rich.console import Console

from s1m.data.curate.inspect import Inspector
from s1m.data.curate.look import looked_at
from s1m.data.curate.prepare import prepare
from s1m.data.curate.settings import CurateSettings, Target
from s1m.data.curate.signature import signature
from s1m.data.generate import generate_rows
from s1m.data.trace_row import trace_row
from s1m.datasets.source import Source
from s1m.datasets.sources import load_examples
from s1m.datasets.tokens import TokenCounter

ROWS = 600
CORES = 64
"""Of the cluster that the million rows are worked out for."""
MILLION = 1_000_000


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def inspector_of(settings: CurateSettings, folder: Path) -> Inspector:
    """What looks at the rows, its index built."""
    examples = load_examples(settings.data, seed=0, delimiters=settings.delimiters)
    return prepare(settings, examples, folder, Console(quiet=True))


def by_filter(inspector: Inspector) -> list[tuple[object, ...]]:
    """Milliseconds a row of everything that happens to one, in one process."""
    examples, delimiters = inspector.examples, inspector.settings.delimiters
    numbers = range(len(examples))
    spent = {"reading": seconds(lambda: [trace_row(examples[number], delimiters) for number in numbers])}
    rows = [trace_row(examples[number], delimiters) for number in numbers]
    spent["signature"] = seconds(lambda: [signature(row.prompt, row.images) for row in rows])
    for name, one in inspector.filters:
        one.refuses(rows[0])  # the index is read once
        spent[name] = seconds(lambda one=one: [one.refuses(row) for row in rows])
    spent["tokens"] = seconds(lambda: TokenCounter("bundled").count([row.response for row in rows]))
    spent["all"] = sum(spent.values())
    hours = {name: spent[name] / len(rows) * MILLION / 3600 for name in spent}
    return [(name, f"{1e3 * spent[name] / len(rows):.2f}", f"{hours[name]:.1f}") for name in spent]


def main() -> None:
    """Measure, then work out a million."""
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
        ways = {
            "one process": CurateSettings(data=data, out="", target=(target,), workers=0),
            "two processes": CurateSettings(data=data, out="", target=(target,), workers=2),
            "Ray, two workers": CurateSettings(data=data, out="", target=(target,), ray="local", workers=2),
        }
        found, rates = {}, {}
        for name, way in ways.items():
            again = Inspector(examples=inspector.examples, filters=inspector.filters, settings=way)
            started = time.perf_counter()
            found[name] = [finding for some in looked_at(again, range(ROWS)) for finding in some]
            rates[name] = ROWS / (time.perf_counter() - started)
        assert found["one process"] == found["two processes"] == found["Ray, two workers"]
    every = float(str(rows[-1][2]))
    keep(
        "looking",
        "What looking at a row costs",
        ("what", "ms a row", "core hours for a million rows"),
        rows,
        [
            f"{ROWS} rows of longvision, {size / ROWS / 1024:.0f} kB each with picture; against {target.benchmark}.",
            ", ".join(f"{name}: {rate:.0f} rows/s" for name, rate in rates.items())
            + ", starting included; all three find the same.",
            f"A million such rows: {every:.0f} core hours, {every / CORES:.1f} hours on {CORES} cores, and "
            f"{size / ROWS * MILLION / 1e9:.0f} GB to read.",
        ],
    )


if __name__ == "__main__":
    main()
