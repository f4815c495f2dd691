"""``s1m data generate``: a synthetic set as parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from s1m.data.shards import check_replaceable, write_shards
from s1m.data.trace_row import TraceRow, trace_row
from s1m.datasets.example import Unusable
from s1m.datasets.source import Source
from s1m.datasets.sources import Examples, load_examples
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError, UsageError
from s1m.families import DEFAULT, Delimiters
from s1m.files.printing import Printer
from s1m.files.progress import counted
from s1m.files.workers import in_chunks, in_order

CHUNK = 4
"""Rows that a process makes before it reports."""
ALONE = 64
"""Up to this many rows are made sooner than other processes have started."""


class Making:
    """Makes rows, here or in another process."""

    def __init__(self, examples: Examples, counter: TokenCounter, delimiters: Delimiters) -> None:
        self._examples, self._counter, self._delimiters = examples, counter, delimiters

    def __call__(self, numbers: range) -> list[TraceRow]:
        """Some rows, drawn, counted and named; without those that have no sound solution."""
        return [row for number in numbers if (row := self._made(number))]

    def _made(self, number: int) -> TraceRow | None:
        try:
            row = trace_row(self._examples[number], self._delimiters)
        except Unusable:
            return None
        (name,) = self._examples.names
        facts = {"id": row.id, "source": name, "tokens": self._counter(row.response)}
        return replace(row, origin={**row.origin, **facts})


def _check_same_set(folder: Path, name: str) -> None:
    """Raise ``UsageError`` for a folder of other rows: only an older version of the same set is replaced."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    for path in sorted(folder.glob("*.parquet"))[:1]:
        try:
            first = next(ParquetFile(path).iter_batches(1, columns=["source"])).to_pylist()
        except (OSError, ArrowException, StopIteration):
            first = []
        if not first or first[0].get("source") != name:
            raise UsageError(f"{folder} holds rows that are not of {name}, which would be lost; choose another --out")


def generate_rows(source: Source, counter: TokenCounter, *, seed: int, out: Path, workers: int = 2) -> int:
    """Make all rows of a source and write them to ``out``. Raises ``DataError`` when not one can be made."""
    counter.check()
    check_replaceable(out)
    console = Printer(stderr=True)
    delimiters = DEFAULT
    examples = load_examples([source], seed=seed, delimiters=delimiters)
    _check_same_set(out, *examples.names)
    count = len(examples)
    making = Making(examples, counter, delimiters)
    with counted(console, f"making {source.path}", count) as advance:

        def made() -> Iterator[TraceRow]:
            for rows in in_order(making, in_chunks(range(count), CHUNK), workers if count > ALONE else 0):
                advance(CHUNK)
                yield from rows

        written = write_shards(made(), out, several_images=False)
    if not written:
        raise DataError(f"none of {count:,} rows of {source.path} could be made soundly; try another --seed")
    missing = f"; {count - written:,} more could not be made soundly" if written < count else ""
    console.print(f"{written:,} rows{missing}: {out}")
    return 0
