"""Workbooks (xlsx), as VLMEvalKit writes them: ``index``, ``question``, ``answer``, ``prediction``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from s1m.analysis.responses.readers.columns import responses_of
from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError, UsageError


def read_workbook(path: Path) -> Iterator[Response]:
    """The responses on the first sheet. Raises ``DataError``, or ``UsageError`` where openpyxl is not installed."""
    yield from responses_of(path, _rows(path))


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise UsageError(f"{path} is a workbook, and reading it needs openpyxl: pip install openpyxl") from None
    with path.open("rb") as file:  # openpyxl judges a path by the ending of its name
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except Exception as error:  # of zipfile, of XML or its own, whatever is wrong with the file
            raise DataError(f"{path} is damaged: {error}; save it again, or as CSV") from None
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = [str(name) if name is not None else "" for name in next(rows, ())]
        for number, row in enumerate(rows, start=2):
            if any(cell is not None for cell in row):
                cells = dict(zip(header, row, strict=False))
                yield f"row {number}", {name: "" if value is None else value for name, value in cells.items() if name}
