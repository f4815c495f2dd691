"""s1m's own lines: ``{"id", "response", "extraction"}``; MathVista's files call the id ``pid``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from s1m.analysis.responses.readers.response import Response
from s1m.errors import DataError
from s1m.files.json_lines import read_rows

EXPECTED = '{"id": …, "response": …, "extraction": …}'


class Line(msgspec.Struct, frozen=True):
    """A line of recorded responses."""

    id: str | int | None = None
    pid: str | int | None = None
    response: str | None = None
    extraction: str | None = None


def read_own(path: Path) -> Iterator[Response]:
    """The lines of a file of responses. Raises ``DataError`` that names the line."""
    for number, line in read_rows(path, Line, EXPECTED):
        named = line.pid if line.id is None else line.id
        if named is None:
            raise DataError(f"{path}, line {number}: it has no id; a line is {EXPECTED}")
        yield Response(id=str(named), response=line.response, extraction=line.extraction)
