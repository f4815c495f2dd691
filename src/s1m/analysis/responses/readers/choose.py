"""Which reader a file needs, by what it holds and not by its name."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from s1m.analysis.responses.readers.columns import is_matched
from s1m.analysis.responses.readers.delimited import is_table, read_delimited
from s1m.analysis.responses.readers.evalscope import is_evalscope, is_review, read_evalscope, read_reviews
from s1m.analysis.responses.readers.inspect_log import read_inspect
from s1m.analysis.responses.readers.json_rows import has_rows, read_document, read_json_lines
from s1m.analysis.responses.readers.lmms_eval import is_lmms_eval, read_lmms_eval
from s1m.analysis.responses.readers.own import read_own
from s1m.analysis.responses.readers.response import Response
from s1m.analysis.responses.readers.workbook import read_workbook
from s1m.errors import DataError
from s1m.files.decoding import BOM, MOST_BYTES, Undecodable, decode_json, read_bytes, read_json

ZIP = b"PK\x03\x04"


def read_any(path: Path) -> Iterator[Response]:
    """The responses in a file of any known format. Raises ``DataError`` or ``UsageError`` in one line."""
    if not path.is_file():
        return read_own(path)  # which says why it cannot
    head = _first_line(path)
    if head.startswith(ZIP):
        return _read_zip(path)
    if head.startswith(b"["):
        return read_document(path, read_json(path, list[Any]))
    if head.startswith(b"{"):
        return _read_objects(path, head)
    return read_delimited(path) if _is_header(head) else read_own(path)


def _first_line(path: Path) -> bytes:
    """The first line that is not blank, without what stands around it."""
    try:
        with path.open("rb") as file:
            for line in iter(lambda: file.readline(MOST_BYTES), b""):
                if stripped := line.removeprefix(BOM).strip():
                    return stripped
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    return b""


def _read_zip(path: Path) -> Iterator[Response]:
    try:
        with ZipFile(path) as archive:
            names = archive.namelist()
    except BadZipFile as error:
        raise DataError(f"{path} is damaged: {error}; copy it again") from None
    if any(name.startswith("xl/") for name in names):
        return read_workbook(path)
    if "header.json" in names or "_journal/start.json" in names:
        return read_inspect(path, "eval")
    shown = ", ".join(islice(names, 6)) or "nothing"
    raise DataError(f"{path} is an archive, and neither a workbook nor a log of inspect_ai; it holds: {shown}")


def _read_objects(path: Path, first: bytes) -> Iterator[Response]:
    """Lines of objects, or one object over the whole file."""
    try:
        line: dict[str, Any] = decode_json(first, dict[str, Any])
    except Undecodable:
        try:  # an object that is written over many lines
            document: dict[str, Any] = decode_json(read_bytes(path), dict[str, Any])
        except Undecodable:
            return read_own(path)  # which names the line
        return _read_object(path, document)
    if _is_inspect(line) or (line and all(isinstance(value, dict) for value in line.values())):
        return _read_object(path, line)
    if is_lmms_eval(line):
        return read_lmms_eval(path)
    if is_evalscope(line, line):
        return read_evalscope(path)
    if is_review(line):
        return read_reviews(path)
    is_own = "response" in line and ("id" in line or "pid" in line)
    if not is_own and is_matched(line):
        return read_json_lines(path)
    return read_document(path, line) if not is_own and has_rows(line) else read_own(path)


def _read_object(path: Path, document: dict[str, Any]) -> Iterator[Response]:
    return read_inspect(path, "json") if _is_inspect(document) else read_document(path, document)


def _is_inspect(document: dict[str, Any]) -> bool:
    return {"version", "status", "eval"} <= document.keys()


def _is_header(line: bytes) -> bool:
    try:
        return b"\0" not in line and is_table(line.decode())
    except UnicodeDecodeError:
        return False
