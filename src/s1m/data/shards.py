"""Rows as parquet files that ``load_dataset`` and ``s1m train`` read, in shards of a size that can be moved around."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1m.data.trace_row import ORIGIN, TraceRow
from s1m.errors import DataError, UsageError
from s1m.files.run_folder import writing_folder

SHARD_BYTES = 256 << 20
"""Of images and texts before compression."""
SHARD_ROWS = 50_000
GROUP_ROWS = 100
"""Rows that are compressed together: a reader of one row decodes this many."""
SHARD = re.compile(r"train-\d{5}-of-\d{5}\.parquet")
"""The files that are written here; a folder that holds anything else is not replaced."""


@dataclass(frozen=True, kw_only=True)
class Sized:
    """The columns of a row, and how many bytes of images and texts they hold."""

    columns: Mapping[str, Any]
    size: int


def write_shards(rows: Iterable[TraceRow], folder: Path, *, several_images: bool) -> int:
    """Write ``train-00000-of-0000N.parquet`` into ``folder``, in place of what it held; the number of rows.

    Rows of more than one image make the column ``images``, a list, else it is S1-M's ``image``. Nothing of the old
    folder is gone before the new one is whole. Raises ``DataError`` when the disk does not take it, ``UsageError`` for
    a folder with anything else in it, or that another process writes.
    """
    sized = (
        Sized(
            columns=as_columns(row, several_images=several_images),
            size=len(row.prompt) + len(row.response) + sum(map(len, row.images)),
        )
        for row in rows
    )
    return write_tables(sized, folder, lambda: _features(several_images=several_images))


def write_tables(rows: Iterable[Sized], folder: Path, features: Callable[[], Any]) -> int:
    """Write rows of any columns as ``write_shards`` does; ``features`` gives the types of ``datasets``."""
    check_replaceable(folder)
    with named(folder), writing_folder(folder) as partial:
        return _fill(partial, rows, features().arrow_schema)


def _fill(folder: Path, rows: Iterable[Sized], schema: Any) -> int:
    """Write the shards into an empty folder; the number of rows."""
    paths: list[Path] = []
    count = 0
    for shard in _shards(rows):
        paths.append(folder / f"{len(paths):05d}.parquet")
        _write(shard, paths[-1], schema)
        count += len(shard)
    for index, path in enumerate(paths):
        path.rename(folder / f"train-{index:05d}-of-{len(paths):05d}.parquet")
    return count


def check_replaceable(folder: Path) -> None:
    """Raise ``UsageError`` for a folder that holds anything but shards: it would be lost."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file; choose another --out")
    with named(folder):
        others = sorted(path.name for path in folder.iterdir() if not SHARD.fullmatch(path.name))
    if others:
        raise UsageError(f"{folder} holds something else than rows, such as {others[0]}; choose another --out")


@contextmanager
def named(folder: Path) -> Iterator[None]:
    """Raise ``DataError`` that names the folder for what the disk does not take."""
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write to {folder}: {error.strerror or error}") from None


def _shards(rows: Iterable[Sized]) -> Iterator[list[Sized]]:
    shard: list[Sized] = []
    size = 0
    for row in rows:
        shard.append(row)
        size += row.size
        if size >= SHARD_BYTES or len(shard) >= SHARD_ROWS:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _write(shard: list[Sized], path: Path, schema: Any) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # One schema for all shards: pyarrow would infer null for a column that is empty throughout one of them, and
    # load_dataset refuses shards of different types.
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, len(shard), GROUP_ROWS):
            values = [row.columns for row in shard[start : start + GROUP_ROWS]]
            writer.write_table(pa.Table.from_pylist(values, schema=schema))


def _features(*, several_images: bool) -> Any:
    from datasets import Features, Image, List, Value

    shown = {"images": List(Image())} if several_images else {"image": Image()}
    texts = {name: Value(kind) for name, kind in {"prompt": "string", "response": "string", **ORIGIN}.items()}
    return Features({**shown, **texts})


def as_columns(row: TraceRow, *, several_images: bool) -> dict[str, Any]:
    """A row as its columns hold it."""
    pictures = [{"bytes": image, "path": None} for image in row.images]
    shown = {"images": pictures} if several_images else {"image": pictures[0] if pictures else None}
    return {**shown, "prompt": row.prompt, "response": row.response, **{name: row.origin.get(name) for name in ORIGIN}}
