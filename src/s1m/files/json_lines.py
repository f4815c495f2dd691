"""Files of JSON lines that only grow: a line is there whole or not at all, and a crash spoils none before it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from s1m.errors import DataError

T = TypeVar("T")


def read_lines(path: Path, kind: type[T], *, check: Callable[[T], None] = lambda _: None) -> Iterator[T]:
    """The lines of a file; none where there is no file. What follows the last line break was torn off, so is not read.

    ``check`` raises ``ValueError`` for a line that cannot be. Raises ``DataError`` that names a damaged line.
    """
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(kind)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    item = decoder.decode(line)
                    check(item)
                except (msgspec.MsgspecError, ValueError) as error:
                    message = f"{path}, line {number} is damaged: {error}; remove the line and resume"
                    raise DataError(message) from None
                yield item
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None


def append(file: IO[bytes], item: object) -> None:
    """Add a line in one write, or none of it. Raises ``DataError`` when the disk does not take it."""
    line = msgspec.json.encode(item) + b"\n"
    size = os.fstat(file.fileno()).st_size
    try:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        os.ftruncate(file.fileno(), size)
        raise DataError(
            f"cannot write {file.name}: {error.strerror}; make room, then the same command goes on"
        ) from None


def open_for_append(path: Path) -> IO[bytes]:
    """A file opened to append whole lines, a torn last line cut off first."""
    file = path.open("ab", buffering=0)
    size = file.tell()
    kept = _whole_lines(path, size)
    if kept < size:
        os.truncate(path, kept)
    return file


def _whole_lines(path: Path, size: int, block: int = 1 << 16) -> int:
    """The bytes up to and with the last line break, looked for from the end."""
    with path.open("rb") as reader:
        while size:
            start = max(0, size - block)
            reader.seek(start)
            found = reader.read(size - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            size = start
    return 0
