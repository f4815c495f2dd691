r"""One decoder for whatever comes from outside: files of users, records, replies of servers, settings.

What is refused is refused in one line: text that is not UTF-8, a NUL byte, half a character of UTF-16 (a lone
surrogate), nesting without end, more bytes than a document may have. A byte order mark at the beginning is dropped.
Only ``\n`` ends a line: U+2028 and its kin stand inside texts.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from s1m.errors import DataError

T = TypeVar("T")

MOST_BYTES = 256 << 20
"""Of one document or one line: a row with a hundred inline photographs fits, a file without line breaks does not."""
MOST_TOML_BYTES = 4 << 20
BOM = b"\xef\xbb\xbf"
WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")
"""How UTF-16 begins, in either order of bytes."""

_ESCAPED = re.compile(
    rb"""
      \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}   # \ud83d\ude00: a pair, one character
    | \\u[dD][89a-fA-F][0-9a-fA-F]{2}                              # \ud83d alone: no character
    | \\.                                                          # \\ or \n: any other escape, kept
    """,
    re.VERBOSE | re.DOTALL,
)
PAIR_BYTES = 12
HALF_BYTES = 6


class Undecodable(ValueError):
    """Bytes that are not the document expected; the message is one line and names no file."""


def decode_json(content: bytes, kind: type[T]) -> T:
    """The JSON document as a ``kind``, which msgspec can build. Raises ``Undecodable``."""
    if len(content) > MOST_BYTES:
        raise Undecodable(f"it has {len(content):,} bytes, more than {MOST_BYTES:,}")
    try:
        return msgspec.json.decode(content.removeprefix(BOM), type=kind)
    except UnicodeDecodeError as error:
        raise Undecodable(_not_utf8(content, error)) from None
    except RecursionError:
        raise Undecodable("it is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise Undecodable(_reason(content, error)) from None


def decode_reply(content: bytes, kind: type[T]) -> T:
    """The JSON that a server said as a ``kind``: halves of characters become U+FFFD. Raises ``Undecodable``."""
    try:
        return decode_json(content, kind)
    except Undecodable:
        repaired = _ESCAPED.sub(_whole, content.decode("utf-8", "replace").encode())
        if repaired == content:
            raise
        return decode_json(repaired, kind)


def read_json(path: Path, kind: type[T]) -> T:
    """The JSON document in a file as a ``kind``. Raises ``DataError`` that names the file."""
    try:
        return decode_json(read_bytes(path, MOST_BYTES), kind)
    except Undecodable as error:
        raise DataError(f"{path} is damaged: {error}") from None


def decode_toml(content: bytes) -> dict[str, Any]:
    """The tables of a TOML document. Raises ``Undecodable``."""
    if len(content) > MOST_TOML_BYTES:
        raise Undecodable(f"it has {len(content):,} bytes, more than {MOST_TOML_BYTES:,}")
    try:
        return tomllib.loads(content.removeprefix(BOM).decode())
    except UnicodeDecodeError as error:
        raise Undecodable(_not_utf8(content, error)) from None
    except RecursionError:
        raise Undecodable("it is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and an integer of thousands of digits
        raise Undecodable(" ".join(str(error).split())) from None


def read_toml_file(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises ``OSError``, or ``Undecodable`` when it is not TOML."""
    return decode_toml(_read(path, MOST_TOML_BYTES))


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """All bytes of a regular file. Raises ``DataError`` for any other kind, and for one of more than ``most`` bytes."""
    try:
        return _read(path, most)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None


def _read(path: Path, most: int) -> bytes:
    # A pipe or a device may have no end, or no beginning: /proc/kmsg waits for the kernel to speak.
    if path.exists() and not path.is_dir() and not path.is_file():
        raise Undecodable("it is not a regular file")
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Undecodable(f"it has more than {most:,} bytes")
    return content


def numbered_lines(file: IO[bytes], path: Path) -> Iterator[tuple[int, bytes]]:
    r"""The lines of a file with their numbers, from 1, the ``\n`` at their end included where there is one.

    Raises ``DataError`` for a line of more than ``MOST_BYTES``.
    """
    number = 0
    while line := file.readline(MOST_BYTES + 1):
        number += 1
        if len(line) > MOST_BYTES:
            raise DataError(f"{path}, line {number} has more than {MOST_BYTES:,} bytes; is it a file of JSON lines?")
        yield number, line.removeprefix(BOM) if number == 1 else line


def _whole(escape: re.Match[bytes]) -> bytes:
    text = escape[0]
    return rb"\ufffd" if len(text) == HALF_BYTES else text


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> str:
    if content.startswith(WIDE_BOMS):
        return "it is UTF-16; save it as UTF-8"
    return f"byte {error.start + 1} is not UTF-8 ({error.reason})"


def _reason(content: bytes, error: Exception) -> str:
    """What is wrong, more plainly than msgspec has it where it is one of the known traps."""
    text = content.strip()
    if text.startswith(WIDE_BOMS):
        return "it is UTF-16; save it as UTF-8"
    if b"\0" in content:
        return f"byte {content.index(0) + 1} is NUL, which JSON cannot hold"
    if any(len(escape[0]) == HALF_BYTES and escape[0][1:2] == b"u" for escape in _ESCAPED.finditer(content)):
        return "half a character (a lone surrogate) stands in it"
    if constant := _constant_in(content):
        return f"it holds {constant}, which JSON does not have; write null"
    return " ".join(str(error).split())


def _constant_in(content: bytes) -> str:
    """NaN or an infinity that stands as a value in otherwise good JSON, as Python's json writes it; empty for none."""
    found: list[str] = []
    with suppress(ValueError, RecursionError):
        json.loads(content, parse_constant=found.append)
        return found[0] if found else ""
    return ""
