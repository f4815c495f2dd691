"""Pictures that a parquet file keeps as text, in base64."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path

from s1m.benchmarks.reading.parquet import ParquetRows
from s1m.errors import DataError


class WrittenPictures:
    """The picture of each row of one file. Rows asked for in rising order are read once; going back begins again."""

    def __init__(self, path: Path, column: str) -> None:
        self._path = path
        self._column = column
        self._next = 0
        self._ahead: Iterator[Mapping[str, object]] = iter(())

    def images(self, row: int) -> tuple[bytes, ...]:
        """The picture of a row, encoded as the text has it. Raises ``DataError`` for a text that is not base64."""
        if row < self._next or self._next == 0:
            self._next, self._ahead = 0, ParquetRows(self._path, ()).texts()
        for values in self._ahead:
            self._next += 1
            if self._next > row:
                return (self._decoded(values.get(self._column), row),)
        raise DataError(f"{self._path} has no row {row + 1} any more: the file has changed since it was opened")

    def _decoded(self, text: object, row: int) -> bytes:
        try:
            return b64decode(str(text), validate=True)
        except (binascii.Error, ValueError):
            where = f"{self._path}, row {row + 1}, column {self._column!r}"
            raise DataError(f"{where}: expected an image in base64; download the file again") from None
