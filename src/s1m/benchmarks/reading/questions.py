"""A user's own questions as rows in the columns of ``custom``, whatever kind of file they stand in.

    question,A,B,C,answer,image,topic                       a spreadsheet: CSV, TSV or xlsx
    Which bar is tallest?,red,blue,green,B,charts/1.png,bars
    -> {"question": "Which bar is tallest?", "choices": ["red", "blue", "green"], "answer": "B",
        "images": ["charts/1.png"], "metadata": {"topic": "bars"}}

A spreadsheet's header is row 1, as spreadsheets count; rows of JSON lines are numbered by their lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from s1m.benchmarks.reading.delimited import delimited_rows
from s1m.benchmarks.reading.parquet import ParquetRows
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.workbook import workbook_rows
from s1m.errors import DataError, did_you_mean
from s1m.files.decoding import Undecodable, decode_json, read_json
from s1m.files.json_lines import read_rows
from s1m.scoring.readers.choices import LETTERS

SPREADSHEETS = (".csv", ".tsv", ".xlsx")
NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "index", "pid", "qid", "question_id"),
    "question": ("question", "prompt", "query", "problem"),
    "answer": ("answer", "gold", "target", "label"),
    "images": ("images", "image", "image_path", "picture"),
    "choices": ("choices", "options"),
    "answer_type": ("answer_type", "type"),
}
"""What the columns of a spreadsheet may be called, in any case; the first that is there counts."""
MOST_SHOWN = 20
"""Columns that an error names."""

# Thousands are set apart as in 1,234,567; an answer such as "1,2" is a list or a point and no number.
_INTEGER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)")
# A unit of letters needs a space: "2 kg" is a number, "2x" is a formula.
_NUMBER = re.compile(
    r"[+-]?[$€£]?\s?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+|(?<=\d))(?:[eE][+-]?\d+)?(?:\s?[%°]|\s[^\W\d_]{1,12})?"
)
_WORDS = re.compile(r"[^\d\\^=+*/<>{}$_|]*[^\W\d_]{3}[^\d\\^=+*/<>{}$_|]*")
_TRUTHS = ("yes", "no", "true", "false")


def question_rows(path: Path) -> Iterator[Row]:
    """The rows of a file, by its ending; any but a table's or parquet's is JSON: a list, or lines.

    Raises ``DataError`` that names the row, or the columns that a spreadsheet has and lacks.
    """
    if path.suffix.lower() in SPREADSHEETS:
        numbered = _spreadsheet_rows(path)
    elif path.suffix == ".parquet":
        numbered = enumerate(ParquetRows(path, ()).texts(), start=1)
    elif path.suffix == ".json" and _first_byte(path) == b"[":
        numbered = enumerate(read_json(path, list[dict[str, Any]]), start=1)
    else:
        numbered = read_rows(path, dict[str, Any], "an object with id, question and answer")
    for index, (number, values) in enumerate(numbered):
        yield Row(values=values, file=str(path), number=number, index=index)


def inferred_type(gold: str) -> str:
    """What an answer without choices is judged as, by how the gold answer is written."""
    gold = gold.strip()
    if gold.lower() in _TRUTHS:
        return "yes_no"
    if _INTEGER.fullmatch(gold):
        return "integer"
    if _NUMBER.fullmatch(gold):
        return "number"
    if gold.startswith("[") and gold.endswith("]"):
        return "list"
    return "text" if _WORDS.fullmatch(gold) else "expression"


def _first_byte(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None


def _spreadsheet_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The rows of a spreadsheet that are not blank, in the columns of ``custom``."""
    is_workbook = path.suffix.lower() == ".xlsx"
    rows = workbook_rows(path) if is_workbook else delimited_rows(path, lambda header: bool(_spelled(header)))
    spelled: dict[str, str] | None = None
    for number, row in rows:
        if spelled is None:
            spelled = _checked(path, [name for name in row if name and name.strip()])
        if any(str(value).strip() for value in row.values()):
            yield number, _as_columns(row, spelled)


def _spelled(header: Sequence[str]) -> dict[str, str]:
    """Our names of the columns that a header has, with its own; empty where it lacks a question or an answer."""
    plain = {name.strip().lower().replace(" ", "_"): name for name in reversed(header) if name}
    found = {ours: next((plain[name] for name in names if name in plain), None) for ours, names in NAMES.items()}
    if not found["question"] or not found["answer"]:
        return {}
    return {ours: name for ours, name in found.items() if name is not None}


def _checked(path: Path, header: Sequence[str]) -> dict[str, str]:
    spelled = _spelled(header)
    if not spelled:
        shown = ", ".join(header[:MOST_SHOWN]) or "none"
        needed = " and ".join(f"a column {ours} ({', '.join(NAMES[ours][1:])})" for ours in ("question", "answer"))
        raise DataError(f"{path} needs {needed}; it has: {shown}; rename the columns that hold them")
    for name in header:
        near = did_you_mean(name.strip().lower(), NAMES)
        if near and name not in spelled.values() and len(name.strip()) > 1:
            raise DataError(f"{path}, row 1, column {name!r}: there is no such column{near}; rename it")
    return spelled


def _as_columns(row: Mapping[str, object], spelled: Mapping[str, str]) -> dict[str, object]:
    """A row of a spreadsheet in the columns of ``custom``; what else it has becomes metadata."""
    values: dict[str, object] = {ours: row[name] for ours, name in spelled.items() if row[name] != ""}
    values |= {ours: "" for ours in ("question", "answer") if ours not in values}
    letters = _letter_columns(row)
    listed = _parts(values.pop("choices", ""), "\n|;")
    choices = [str(row[letter]) for letter in letters if str(row[letter]).strip()] or listed
    names = _parts(values.pop("images", ""), "\n;")
    used = {*spelled.values(), *letters, ""}
    return {
        **values,
        **({"choices": choices} if choices else {}),
        **({"images": names} if names else {}),
        "metadata": {str(name): str(value) for name, value in row.items() if name not in used and value != ""},
    }


def _letter_columns(row: Mapping[str, object]) -> list[str]:
    """The columns A, B, and so on, of a table that has at least these two."""
    letters = []
    for letter in LETTERS:
        if letter not in row:
            break
        letters.append(letter)
    return letters if len(letters) > 1 else []


def _parts(cell: object, separators: str) -> list[str]:
    """What a cell lists: JSON, or texts set apart by the first of ``separators`` that is there."""
    text = str(cell).strip()
    if text.startswith("["):
        try:
            return [str(part) for part in decode_json(text.encode(), list[Any])]
        except Undecodable:
            pass
    separator = next((each for each in separators if each in text), None)
    parts = text.split(separator) if separator else [text]
    return [part.strip() for part in parts if part.strip()]
