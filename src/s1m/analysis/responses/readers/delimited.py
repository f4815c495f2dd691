"""CSV and TSV, as any spreadsheet and VLMEvalKit write them; an empty cell is a response without text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from s1m.analysis.responses.readers.columns import is_matched, responses_of
from s1m.analysis.responses.readers.response import Response
from s1m.benchmarks.reading.delimited import DELIMITERS, delimited_rows


def is_table(first_line: str) -> bool:
    """Whether a line can be the header of a table."""
    return any(delimiter in first_line for delimiter in DELIMITERS)


def read_delimited(path: Path) -> Iterator[Response]:
    """The responses in a table of text. Raises ``DataError`` that names the row, or the columns that it has."""
    yield from responses_of(path, ((f"row {number}", row) for number, row in delimited_rows(path, is_matched)))
