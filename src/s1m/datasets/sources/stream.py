"""The texts of a source from first to last, without its images: a million rows in constant memory.

Nothing is copied or kept: parquet files are read group by group and only in the columns that are needed, lines of JSON
one by one, and a dataset of the Hub is streamed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from s1m.datasets.example import Unusable
from s1m.datasets.formats import Row, pick_format, read_responses, text_columns
from s1m.datasets.source import DEFAULT_SEED, Source
from s1m.datasets.sources.examples import is_generated, open_drafts
from s1m.datasets.sources.open import LINES, files_of, from_hub, reason_of
from s1m.datasets.sources.rows import SAMPLED_LINES, check_lines, columns_in
from s1m.errors import DataError
from s1m.families import DEFAULT, Delimiters
from s1m.files.decoding import Undecodable, decode_json, numbered_lines

BATCH = 512
"""Rows that go to a process together."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """The rows of a source in batches, and how the text of a row is read; a broken line is an empty row."""

    batches: Iterator[list[Row]]
    read: Callable[[Row], str]
    """Raises ``Unusable`` for a row without such a text. Can be pickled."""


@dataclass(frozen=True, kw_only=True)
class Responses:
    """Reads what the assistant says in a row."""

    format: str
    delimiters: Delimiters

    def __call__(self, row: Row) -> str:
        """The responses of a row."""
        return read_responses(row, self.format, self.delimiters)


@dataclass(frozen=True)
class Column:
    """Reads a column of texts."""

    name: str

    def __call__(self, row: Row) -> str:
        """The text in the column."""
        text = row.get(self.name)
        if not isinstance(text, str):
            raise Unusable("no text", f"{self.name} holds {type(text).__name__}")
        return text


def open_stream(source: Source, *, column: str = "", beside: Sequence[str] = (), seed: int = DEFAULT_SEED) -> Stream:
    """The responses of a source, or the texts of one ``column``; rows hold the columns ``beside`` where they exist.

    Raises ``UsageError`` or ``DataError`` for a source that is missing, cannot be read or has no such columns.
    """
    delimiters = DEFAULT
    if is_generated(source):
        drafts = open_drafts(source, seed, delimiters)
        made = (drafts.draft(number) for number in range(len(drafts)))
        rows: Iterator[Row] = ({**draft.facts, "response": draft.turns[-1].text} for draft in made)
        return Stream(batches=batched(rows, BATCH), read=Column(column or "response"))
    columns, rows_of = _open(source)
    read: Callable[[Row], str]
    if column:
        if column not in columns:
            raise DataError(f"{source.path} has no column {column}, only {', '.join(columns)}")
        read, needed = Column(column), [column]
    else:
        pick_format(source.format, columns, source.path)
        read = Responses(format=source.format, delimiters=delimiters)
        needed = text_columns(source.format, columns)
    rows = rows_of([*needed, *(name for name in beside if name in columns and name not in needed)])
    return Stream(batches=batched(islice(rows, source.rows), BATCH), read=read)


def batched(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Rows in lists of ``size``, the last one shorter."""
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        yield batch


Reader = Callable[[Sequence[str]], Iterator[Row]]


def _open(source: Source) -> tuple[Sequence[str], Reader]:
    """The columns of a source, and what reads some of them."""
    paths = files_of(source)
    if paths is None:
        dataset = from_hub(source, streaming=True)
        columns = dataset.column_names or tuple(next(_streamed(dataset, source.path), {}))
        return columns, lambda needed: _streamed(dataset.select_columns(list(needed)), source.path)
    if paths[0].suffix in LINES:
        check_lines(paths[0])
        return columns_in(islice(_lines(paths[:1]), SAMPLED_LINES)), lambda _: _lines(paths)
    return _parquet_columns(paths), lambda needed: _parquet_rows(paths, needed)


def _streamed(dataset: Iterable[Row], name: str) -> Iterator[Row]:
    try:
        yield from dataset
    except Exception as error:  # a lost network and a broken shard raise many errors, reported alike
        raise DataError(f"cannot read {name} from the Hub to its end: {reason_of(error)}") from None


def _lines(paths: Sequence[Path]) -> Iterator[Row]:
    for path in paths:
        try:
            with path.open("rb") as file:
                for _, line in numbered_lines(file, path):
                    if line.strip():
                        yield _object(line)
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from None


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        return decode_json(line, dict[str, Any])
    except Undecodable:
        return {}


def _parquet_columns(paths: Sequence[Path]) -> Sequence[str]:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_schema

    try:
        return tuple(read_schema(paths[0]).names)
    except (OSError, ArrowException) as error:
        raise DataError(f"cannot read {paths[0]}: {reason_of(error)}") from None


def _parquet_rows(paths: Sequence[Path], needed: Sequence[str]) -> Iterator[Row]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    for path in paths:
        try:
            file = ParquetFile(path)
            for group in range(file.num_row_groups):  # a reader of all groups would keep what it has read
                for batch in file.iter_batches(BATCH, row_groups=[group], columns=list(needed)):
                    yield from batch.to_pylist()
        except (OSError, ArrowException) as error:
            raise DataError(f"cannot read {path}: {reason_of(error)}") from None
