"""Problems of text alone, in the one file that the Hub keeps them in: JSON lines, CSV, or a copy of it in parquet.

find_table("math500/", source="HuggingFaceH4/MATH-500", name="test.jsonl")     (Path("math500/test.jsonl"),)
load_table(page, "test", data=None, limit=None, name="test.jsonl", read=read_problem)
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from s1m.benchmarks.page import Page
from s1m.benchmarks.reading.files import download_files, find_files
from s1m.benchmarks.reading.parquet import ParquetRows
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import check_split
from s1m.errors import DataError
from s1m.files.json_lines import read_rows
from s1m.files.paths import user_path
from s1m.types import Problem


def load_table(
    page: Page, split: str, *, data: str | None, limit: int | None, name: str, read: Callable[[Row], Problem]
) -> list[Problem]:
    """The first ``limit`` problems of a split that is the file ``name``, in ``data`` or at the Hub.

    Raises ``DataError`` for a wrong value or an id that occurs twice.
    """
    check_split(page, split)
    problems: dict[str, Problem] = {}
    for row in table_rows(find_table(data, source=page.source, name=name)):
        if limit is not None and len(problems) == limit:
            break
        problem = read(row)
        if problem.id in problems:
            raise DataError(f"{row.file}, row {row.number}: there is already a problem {problem.id!r}")
        problems[problem.id] = problem
    return list(problems.values())


def find_table(data: str | None, *, source: str, name: str) -> tuple[Path, ...]:
    """The file ``name`` of a dataset, or the parquet files of a folder that has it so; ``data`` may be a file itself.

    Raises ``DataError`` that says what is missing and where.
    """
    root = user_path(data) if data is not None else download_files(source, (name,))
    if root.is_file():
        return (root,)
    if not root.is_dir():
        raise DataError(f"there is no {root}; --data is {name} of {source}, or the folder that holds it")
    for folder in (root, root / "data"):
        if (folder / name).is_file():
            return (folder / name,)
    try:
        return find_files(str(root), source=source, names=(Path(name).stem,))
    except DataError as error:
        raise DataError(f"{root} has no {name}; {error}") from None


def table_rows(files: tuple[Path, ...]) -> Iterator[Row]:
    """The rows of files, each read by its ending: ``.parquet``, ``.csv``, else JSON lines."""
    index = count()
    for path in files:
        for number, values in _rows(path):
            yield Row(values=values, file=str(path), number=number, index=next(index))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if path.suffix == ".parquet":
        for number, values in enumerate(ParquetRows(path, ()).texts(), start=1):
            yield number, dict(values)
    elif path.suffix == ".csv":
        yield from enumerate(_csv_rows(path), start=1)
    else:
        yield from read_rows(path, dict[str, Any], "an object, one row of the benchmark")


def _csv_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file, strict=True)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {path}: {error}") from None
