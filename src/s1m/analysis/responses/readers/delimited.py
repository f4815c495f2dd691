"""CSV and TSV, as any spreadsheet and VLMEvalKit write them; an empty cell is a response without text."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from s1m.analysis.responses.readers.columns import is_matched, responses_of
from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError

DELIMITERS = "\t,;"
MOST_CELL = 64 << 20
"""Characters of a cell: csv itself allows 131,072, and VLMEvalKit's tables may hold pictures in base64."""


def is_table(first_line: str) -> bool:
    """Whether a line can be the header of a table."""
    return any(delimiter in first_line for delimiter in DELIMITERS)


def read_delimited(path: Path) -> Iterator[Response]:
    """The responses in a table of text. Raises ``DataError`` that names the row, or the columns that it has."""
    yield from responses_of(path, _rows(path))


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    csv.field_size_limit(MOST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            delimiter = _delimiter(file.readline())
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter)
            for number, row in enumerate(reader, start=1):
                if None in row:
                    raise DataError(
                        f"{path}, row {number}: it has more cells than the header; quote cells that hold {delimiter!r}"
                    )
                yield f"row {number}", {name: value or "" for name, value in row.items()}
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: byte {error.start + 1} is not UTF-8; save it as UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from None
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None


def _delimiter(header: str) -> str:
    """The delimiter under which the header has the columns that are needed, else the most frequent one."""
    by_count = sorted(DELIMITERS, key=header.count, reverse=True)
    return next((each for each in by_count if is_matched(next(csv.reader([header], delimiter=each), []))), by_count[0])
