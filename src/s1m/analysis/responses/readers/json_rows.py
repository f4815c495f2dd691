"""JSON with a row a response: a list, lines, or an object of rows by id, as MathVista's own files are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from s1m.analysis.responses.readers.columns import NUMBERS, OWN_IDS, responses_of
from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError
from s1m.files.json_lines import read_rows


def read_json_lines(path: Path) -> Iterator[Response]:
    """The responses in lines whose names of columns are those of another harness."""
    rows = read_rows(path, dict[str, Any], "an object")
    yield from responses_of(path, ((f"line {number}", row) for number, row in rows))


def read_document(path: Path, document: object) -> Iterator[Response]:
    """The responses in a whole JSON document. Raises ``DataError`` where it holds no rows."""
    yield from responses_of(path, _rows(path, document))


def has_rows(document: Mapping[str, object]) -> bool:
    """Whether one of an object's values is a list of objects."""
    return bool(_lists_in(document))


def _lists_in(document: Mapping[str, object]) -> list[list[object]]:
    return [each for each in document.values() if isinstance(each, list) and each and isinstance(each[0], dict)]


def _rows(path: Path, document: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, row in enumerate(_list_of(path, document), start=1):
        if not isinstance(row, dict):
            raise DataError(f"{path}, item {number}: expected an object with an id and a response")
        yield f"item {number}", row


def _list_of(path: Path, document: object) -> Sequence[object]:
    """A list itself, the only list of objects in an object, or the objects in an object, with its keys as ids."""
    if isinstance(document, list):
        return document
    values = document if isinstance(document, dict) else {}
    lists = _lists_in(values)
    if len(lists) == 1:
        return lists[0]
    if values and all(isinstance(value, dict) for value in values.values()):
        return [row if {*OWN_IDS, *NUMBERS} & row.keys() else {"id": key, **row} for key, row in values.items()]
    shown = ", ".join(map(str, list(values)[:20])) or "none"
    raise DataError(f"{path} holds no list of responses; its keys are: {shown}; give a list of objects")
