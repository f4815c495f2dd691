"""custom: your own questions, from a file of JSON lines or parquet.

    {"id": "1", "question": "What is the total?", "answer": "14", "images": ["pictures/1.png"]}
    {"id": "2", "question": "Which is largest?", "answer": "B", "images": [], "choices": ["2", "7"],
     "answer_type": "choice", "metadata": {"source": "mine"}}

``id``, ``question`` and ``answer`` are texts. ``images`` are paths, relative to the file and within its folder or that
of ``--allow-outside``; in parquet they may be the images themselves, as the Hub stores them. ``choices``, at most 26,
are optional, shown beneath the question; the answer is then a letter or the text of a choice. ``answer_type`` is
choice, integer, number, list, yes_no, text or expression: choice where there are choices and else expression, when left
out. ``metadata`` is a mapping of texts, without dots in their names. Other columns are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from s1m.benchmarks.page import DataFrom
from s1m.benchmarks.reading.parquet import ParquetRows, image_columns
from s1m.benchmarks.reading.row import Row, lettered, shown
from s1m.benchmarks.reading.rows import Problems, check_split, load_rows
from s1m.errors import DataError, UsageError, did_you_mean
from s1m.files.json_lines import read_rows
from s1m.files.paths import ForeignPath, Roots, allowed_folder, read_image, user_path
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import KINDS, by_kind
from s1m.types import Problem, Verdict

COLUMNS = ("id", "question", "answer", "images", "choices", "answer_type", "metadata")


class Custom:
    """Your own questions; ``outside`` is another folder that the paths of their images may lead to."""

    name = "custom"
    title = "Your own questions: --data FILE.jsonl or FILE.parquet"
    splits: tuple[str, ...] = ("all",)
    sizes: Mapping[str, int] = {}
    licence = "yours"
    data_from: DataFrom = "file"
    source = "your own file"
    scoring = "by each question's answer_type"
    breakdowns: tuple[str, ...] = ("answer_type",)

    def __init__(self, outside: Path | None = None) -> None:
        self._outside = outside

    def allowing(self, outside: str) -> Custom:
        """The same, the paths of whose images may also lead to this folder. Raises ``UsageError`` for none."""
        return Custom(allowed_folder(outside))

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The questions of the file ``data``, every path to an image checked."""
        check_split(self, split)
        if data is None:
            raise UsageError("custom asks your own questions: add --data FILE.jsonl or --data FILE.parquet")
        path = user_path(data)
        roots = Roots(path.parent, self._outside)
        if not path.is_file():
            raise DataError(f"there is no file {path}; --data is a file of JSON lines or parquet")
        if path.suffix != ".parquet":
            return with_pictures(roots, json_lines(path), limit)
        if "images" in image_columns(path):
            return load_rows((path,), images=("images",), read=read_problem, limit=limit)
        rows = ParquetRows(path, ()).texts()
        return with_pictures(roots, (_row(values, path, number) for number, values in enumerate(rows, start=1)), limit)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:  # noqa: ARG002
        """The verdict on an answer, by the question's type."""
        return by_kind(answer, problem, problem.metadata["answer_type"])


def _row(values: Mapping[str, object], path: Path, number: int) -> Row:
    return Row(values=values, file=str(path), number=number, index=number - 1)


def json_lines(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON lines; a row's number is its line's, empty lines are left out."""
    for number, values in read_rows(path, dict[str, Any], "an object with id, question and answer"):
        yield _row(values, path, number)


class Pictures:
    """Image files by row, read when they are asked for."""

    def __init__(self, files: Sequence[Sequence[Path]]) -> None:
        self._files = files

    def images(self, row: int) -> tuple[bytes, ...]:
        """The contents of a row's image files."""
        return tuple(read_image(file) for file in self._files[row])


def with_pictures(roots: Roots, rows: Iterable[Row], limit: int | None) -> Problems:
    """The questions of rows that name image files, of which each must be there."""
    problems: dict[str, Problem] = {}
    files: list[list[Path]] = []
    for row in rows:
        if limit is not None and len(problems) == limit:
            break
        problem = read_problem(row)
        if problem.id in problems:
            raise row.wrong("id", f"there is already a question {problem.id!r}")
        problems[problem.id] = problem
        try:
            files.append([roots.find(name) for name in row.texts("images")])
        except ForeignPath as error:
            raise row.wrong("images", str(error)) from None
    source = Pictures(files)
    return Problems(list(problems.values()), [(source, place) for place in range(len(files))])


def read_problem(row: Row) -> Problem:
    """The problem of a row. Raises ``UsageError`` for a column or a value that nothing can be made of."""
    for column in row.values:
        if column not in COLUMNS:
            raise row.refused(column, f"there is no such column{did_you_mean(column, COLUMNS)}")
    choices = row.texts("choices")
    if len(choices) > len(LETTERS):
        raise row.refused(
            "choices", f"{len(choices)} choices are more than there are letters; give at most {len(LETTERS)}"
        )
    answer_type = row.text_or("answer_type", "choice" if choices else "expression")
    if answer_type not in KINDS or (answer_type == "choice") != bool(choices):
        fit = "choice, because there are choices" if choices else f"one of {', '.join(KINDS[1:])}"
        raise row.wrong("answer_type", f"expected {fit}; got {answer_type!r}")
    gold = row.filled("answer").strip()
    if choices:
        gold = LETTERS[choices.index(gold)] if gold in choices else row.letter("answer", len(choices))
    return Problem(
        id=row.filled("id"),
        question=row.filled("question") + (f"\n{lettered(choices, '({letter}) {choice}')}" if choices else ""),
        images=(),
        gold=gold,
        choices=choices,
        metadata={**_metadata(row), "answer_type": answer_type},
    )


def _metadata(row: Row) -> dict[str, str]:
    if not row.has("metadata"):
        return {}
    given = row.value("metadata")
    if not isinstance(given, Mapping):
        raise row.wrong("metadata", f"expected a mapping of texts, got {shown(given)}")
    dotted = next((key for key in given if "." in key), None)
    if dotted is not None:
        raise row.refused("metadata", f"the name {dotted!r} has a dot, which means a field within; use _ instead")
    return {key: row.text_or(f"metadata.{key}") for key in given}
