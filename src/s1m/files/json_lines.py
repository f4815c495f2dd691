r"""Files of JSON lines: what others wrote is read whole or refused by its line, what s1m writes only grows.

``read_lines`` is for files that s1m appends to, whose torn last line is not read; ``read_rows`` is for files of others.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from s1m.errors import DataError
from s1m.files.decoding import Undecodable, decode_json, numbered_lines

T = TypeVar("T")


def read_lines(path: Path, kind: type[T], *, check: Callable[[T], None] = lambda _: None) -> Iterator[T]:
    """The lines of a file that s1m wrote; none where there is no file.

    What follows the last line break was torn off, so is not read. ``check`` raises ``ValueError`` for a line that
    cannot be. Raises ``DataError`` that names a damaged line.
    """
    if not path.exists():
        return
    for number, line in _lines(path):
        if not line.endswith(b"\n"):
            return
        try:
            item = decode_json(line, kind)
            check(item)
        except ValueError as error:
            raise DataError(f"{path}, line {number} is damaged: {error}; remove the line and resume") from None
        yield item


def read_rows(path: Path, kind: type[T], expected: str) -> Iterator[tuple[int, T]]:
    """The lines of a file of the user, each with its number from 1; blank lines are left out.

    ``expected`` says what a line is, for the message. Raises ``DataError`` that names the file and the line.
    """
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            yield number, decode_json(line, kind)
        except Undecodable as error:
            raise DataError(f"{path}, line {number}: {error}; a line is {expected}") from None


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    if path.exists() and not path.is_dir() and not path.is_file():  # a pipe waits for its other end, for ever
        raise DataError(f"cannot read {path}: it is not a regular file")
    try:
        with path.open("rb") as file:
            yield from numbered_lines(file, path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None


def encode_line(item: object) -> bytes:
    """A line of JSON; halves of characters, which UTF-8 cannot hold, become U+FFFD."""
    try:
        return msgspec.json.encode(item) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(_mended(msgspec.to_builtins(item))) + b"\n"


def encode_lines(items: Iterable[object]) -> bytes:
    """Several lines of JSON."""
    return b"".join(encode_line(item) for item in items)


def append(file: IO[bytes], item: object) -> None:
    """Add a line in one write, or none of it.

    Raises ``DataError`` when the disk does not take it, and when the file was deleted: the line would be lost.
    """
    line = encode_line(item)
    status = os.fstat(file.fileno())
    if status.st_nlink == 0:
        raise DataError(f"{file.name} was deleted while it was written; start again, or restore the folder and resume")
    try:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        os.ftruncate(file.fileno(), status.st_size)
        raise DataError(
            f"cannot write {file.name}: {error.strerror}; make room, then re-run the command to resume"
        ) from None


def open_for_append(path: Path) -> IO[bytes]:
    """A file opened to append whole lines, a torn last line cut off first."""
    file = path.open("ab", buffering=0)  # unbuffered: a line is one write, so a crash tears the last one at most
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
            last_break = reader.read(size - start).rfind(b"\n")
            if last_break >= 0:
                return start + last_break + 1
            size = start
    return 0


def _mended(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(item) for item in value]
    return value
