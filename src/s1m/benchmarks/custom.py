"""custom: your own questions, from a spreadsheet (CSV, TSV, xlsx), JSON, JSON lines or parquet.

    {"id": "1", "question": "What is the total?", "answer": "14", "images": ["pictures/1.png"]}
    {"id": "2", "question": "Which is largest?", "answer": "B", "images": [], "choices": ["2", "7"],
     "answer_type": "choice", "metadata": {"source": "mine"}}

``question`` is a text, ``id`` and ``answer`` are texts or numbers; a row without ``id`` is called by its place, from 1.
``images`` are paths, relative to the file and within its folder or that of ``--allow-outside``, ``image`` is one such
path; in parquet they may be the images themselves, as the Hub stores them. ``choices``, at most 26, are optional, shown
beneath the question; the answer is then a letter or the text of a choice. ``answer_type`` is choice, integer, number,
list, yes_no, text or expression: left out, it is what the gold answer looks like. ``metadata`` is a mapping of texts,
without dots in their names. Other columns are refused, but those of a spreadsheet become metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from s1m.benchmarks.page import DataFrom
from s1m.benchmarks.reading.parquet import image_columns
from s1m.benchmarks.reading.questions import inferred_type, question_rows
from s1m.benchmarks.reading.row import Row, lettered, shown
from s1m.benchmarks.reading.rows import Problems, check_split, load_rows
from s1m.errors import DataError, UsageError, did_you_mean
from s1m.files.paths import ForeignPath, Roots, allowed_folder, read_image, user_path
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import KINDS, by_kind
from s1m.types import Problem, Verdict

COLUMNS = ("id", "question", "answer", "images", "image", "choices", "answer_type", "metadata")
FILES = "FILE.csv, .tsv, .xlsx, .json, .jsonl or .parquet"


class Custom:
    """Your own questions; ``outside`` is another folder that the paths of their images may lead to."""

    name = "custom"
    title = f"Your own questions: --data {FILES}"
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
            raise UsageError(f"custom asks your own questions: add --data {FILES}")
        path = user_path(data)
        if not path.is_file():
            raise DataError(f"there is no file {path}; --data is {FILES}")
        held = [name for name in ("images", "image") if path.suffix == ".parquet" and name in image_columns(path)]
        if held:
            return load_rows((path,), images=held, read=read_problem, limit=limit)
        return with_pictures(Roots(path.parent, self._outside), question_rows(path), limit)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:  # noqa: ARG002
        """The verdict on an answer, by the question's type."""
        return by_kind(answer, problem, problem.metadata["answer_type"])


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
        column, names = _image_names(row)
        if address := next((name for name in names if "://" in name), None):
            raise row.wrong(
                column, f"{address!r} is a web address, which is not fetched; save the picture and name its file"
            )
        try:
            files.append([roots.find(name) for name in names])
        except ForeignPath as error:
            raise row.wrong(column, f"{error}{_near(roots.folder, names)}") from None
    source = Pictures(files)
    return Problems(list(problems.values()), [(source, place) for place in range(len(files))])


def _image_names(row: Row) -> tuple[str, Sequence[str]]:
    """The paths of a row's images, and the column that names them."""
    if row.has("image") and not row.has("images"):
        name = row.text("image").strip()
        return "image", (name,) if name else ()
    return "images", row.texts("images")


def _near(folder: Path, names: Sequence[str]) -> str:
    """Where a picture is that a row names without its folder. Folders are listed, and no path of the row is opened."""
    bare = {name for name in names if Path(name).name == name}
    try:
        found = sorted(path for each in folder.iterdir() if bare and each.is_dir() for path in each.iterdir())
    except OSError:
        return ""
    match = next((path for path in found if path.name in bare), None)
    return f"; did you mean {match.relative_to(folder)}?" if match else ""


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
    gold = row.plain("answer")
    answer_type = row.text_or("answer_type", "choice" if choices else inferred_type(gold))
    if answer_type not in KINDS or (answer_type == "choice") != bool(choices):
        fit = "choice, because there are choices" if choices else f"one of {', '.join(KINDS[1:])}"
        raise row.wrong("answer_type", f"expected {fit}; got {answer_type!r}")
    if choices:
        gold = _letter(row, gold, choices)
    elif answer_type == "yes_no":
        gold = {"true": "yes", "false": "no"}.get(gold.lower(), gold)
    return Problem(
        id=row.plain("id") if row.has("id") else str(row.index + 1),
        question=row.filled("question") + (f"\n{lettered(choices, '({letter}) {choice}')}" if choices else ""),
        images=(),
        gold=gold,
        choices=choices,
        metadata={**_metadata(row), "answer_type": answer_type},
    )


def _letter(row: Row, gold: str, choices: Sequence[str]) -> str:
    """The letter of the gold answer, which is a letter already or the text of a choice."""
    place = LETTERS.find(gold.upper()) if len(gold) == 1 else -1
    named = place if 0 <= place < len(choices) else None
    if gold not in choices:
        return LETTERS[named] if named is not None else row.letter("answer", len(choices))
    if named not in (None, choices.index(gold)):
        raise row.wrong("answer", f"{gold!r} is both a letter and the text of another choice; write out the choice")
    return LETTERS[choices.index(gold)]


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
