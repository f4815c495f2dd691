"""Parquet files read forwards, in small steps: text of many rows at once, images of a few rows at a time.

Image columns are what the Hub makes of pictures, a struct of ``bytes`` and ``path`` or a list of such structs, or
plain bytes. Nothing is decoded: a broken picture is found by who looks at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1m.benchmarks.reading.files import INSTALL
from s1m.errors import DataError

if TYPE_CHECKING:
    from pyarrow import DataType
    from pyarrow.parquet import ParquetFile

TEXT_ROWS = 512
"""Rows whose text is read at once."""
IMAGE_ROWS = 4
"""Rows whose images are read at once."""
BUFFER_BYTES = 1 << 20
"""Read-ahead of a file; without it a whole column of a row group would be in memory."""


class ParquetRows:
    """The rows of one file, of which the first is number 0."""

    def __init__(self, path: Path, images: Sequence[str]) -> None:
        """Find which of the columns ``images`` the file has. Raises ``DataError`` when it has none of them."""
        self.path = path
        file = _open(path)
        types = {column.name: column.type for column in file.schema_arrow}
        self._images = tuple(name for name in images if name in types)
        self._texts = tuple(name for name, kind in types.items() if not _holds_images(kind) and name not in images)
        if images and not self._images:
            raise DataError(f"{path} has no column {images[0]!r}; it has: {', '.join(types)}")
        for name in self._images:
            if not _holds_images(types[name]) and str(types[name]) != "null":  # no row has an image
                raise DataError(
                    f"{path}, column {name!r}: expected images (a struct of bytes and path), got {types[name]}"
                )
        self._starts = [0]
        for group in range(file.metadata.num_row_groups):
            self._starts.append(self._starts[-1] + file.metadata.row_group(group).num_rows)
        self._next = self._end = 0
        self._ahead: Iterator[dict[str, Any]] = iter(())

    def texts(self) -> Iterator[Mapping[str, object]]:
        """Every row without its images."""
        return _read(self.path, self._texts, TEXT_ROWS, range(len(self._starts) - 1))

    def images(self, row: int) -> tuple[bytes, ...]:
        """The images of a row in the order of the columns, without nulls.

        Rows asked for in rising order are read once; going back begins again where the row's group begins.
        """
        if not self._images:
            return ()
        if not self._next <= row < self._end:
            group = max(group for group, start in enumerate(self._starts) if start <= row)
            self._next, self._end = self._starts[group : group + 2]
            self._ahead = _read(self.path, self._images, IMAGE_ROWS, [group])
        for values in self._ahead:
            self._next += 1
            if self._next > row:
                return tuple(image for name in self._images for image in self._encoded(values[name], name, row))
        raise DataError(f"{self.path} has no row {row + 1} any more: the file has changed since it was opened")

    def _encoded(self, value: Any, column: str, row: int) -> Iterator[bytes]:
        for image in value if isinstance(value, list) else [value]:
            content = image["bytes"] if isinstance(image, dict) else image
            if content:
                yield content
            elif isinstance(image, dict) and image.get("path"):
                where = f"{self.path}, row {row + 1}, column {column!r}"
                raise DataError(f"{where}: the image is not in the file, only the path {image['path']}")


def image_columns(path: Path) -> tuple[str, ...]:
    """The columns of a file that hold images."""
    return tuple(column.name for column in _open(path).schema_arrow if _holds_images(column.type))


def _open(path: Path) -> ParquetFile:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise DataError(f"reading {path} needs pyarrow: {INSTALL}") from None
    try:
        # pre_buffer would read the columns of whole row groups ahead: gigabytes where they hold images.
        return ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False)
    except (OSError, ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}") from None


def _read(path: Path, columns: Sequence[str], rows: int, groups: Sequence[int]) -> Iterator[dict[str, Any]]:
    file = _open(path)
    from pyarrow import ArrowException

    try:
        for batch in file.iter_batches(rows, row_groups=list(groups), columns=list(columns), use_threads=False):
            yield from batch.to_pylist()
    except (OSError, ArrowException) as error:
        raise DataError(f"cannot read {path}: {error}") from None


def _holds_images(kind: DataType) -> bool:
    from pyarrow import types

    if types.is_list(kind) or types.is_large_list(kind):
        kind = kind.value_type
    if types.is_struct(kind):
        return {"bytes", "path"} <= {kind.field(index).name for index in range(kind.num_fields)}
    return bool(types.is_binary(kind) or types.is_large_binary(kind))
