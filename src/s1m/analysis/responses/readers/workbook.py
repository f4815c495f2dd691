"""Workbooks (xlsx), as VLMEvalKit writes them: ``index``, ``question``, ``answer``, ``prediction``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from s1m.analysis.responses.readers.columns import responses_of
from s1m.analysis.responses.readers.response import Response
from s1m.benchmarks.reading.workbook import workbook_rows


def read_workbook(path: Path) -> Iterator[Response]:
    """The responses on the first sheet. Raises ``DataError``, or ``UsageError`` where openpyxl is not installed."""
    yield from responses_of(path, ((f"row {number}", row) for number, row in workbook_rows(path)))
