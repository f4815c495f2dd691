"""Rows of CSV and TSV, as any spreadsheet writes them: cells are texts, and the header is row 1."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from s1m.errors import DataError

DELIMITERS = "\t,;"
MOST_CELL = 64 << 20
"""Characters of a cell: csv itself allows 131,072, and VLMEvalKit's tables may hold pictures in base64."""


def delimited_rows(path: Path, fits: Callable[[Sequence[str]], bool]) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows below the header with their numbers. An empty cell is an empty text.

    The delimiter is the one under which the header ``fits``, else the most frequent one. Raises ``DataError`` that
    names the row, or the byte that is not UTF-8.
    """
    csv.field_size_limit(MOST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = _delimiter(file.readline(), fits)
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter)
            for number, row in enumerate(reader, start=2):
                if None in row:
                    raise DataError(
                        f"{path}, row {number}: it has more cells than the header; quote cells that hold {delimiter!r}"
                    )
                yield number, {name: value or "" for name, value in row.items()}
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None


def _delimiter(header: str, fits: Callable[[Sequence[str]], bool]) -> str:
    by_count = sorted(DELIMITERS, key=header.count, reverse=True)
    return next((each for each in by_count if fits(next(csv.reader([header], delimiter=each), []))), by_count[0])
