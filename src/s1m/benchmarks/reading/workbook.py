"""Rows of a workbook's first sheet (xlsx): cells are texts, numbers and truth values, and the header is row 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from s1m.errors import DataError, UsageError


def workbook_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows below the header that are not empty, with their numbers. An empty cell is an empty text.

    Raises ``DataError`` for a damaged file, or ``UsageError`` where openpyxl is not installed.
    """
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
                yield number, {name: "" if value is None else value for name, value in cells.items() if name}
