"""A split's problems, of which only the images stay on disk until they are asked for.

All text is read, checked and turned into problems before anything runs: it is small, and a wrong value should be
named now and not after a night. The images may be many gigabytes: ``problems[i]`` reads those of one row, encoded as
they are in the file, and forgets them.

    problems = load_rows(files, images=("decoded_image",), read=read_problem, limit=None)
    len(problems), problems[7].images, problems[10:20]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol, overload

from s1m.benchmarks.page import Page
from s1m.benchmarks.reading.files import find_files
from s1m.benchmarks.reading.generated import Generated
from s1m.benchmarks.reading.parquet import ParquetRows
from s1m.benchmarks.reading.row import Row
from s1m.errors import DataError
from s1m.types import Problem


class ImageSource(Protocol):
    """Whoever has the images of some rows."""

    def images(self, row: int) -> tuple[bytes, ...]:
        """The images of a row, of which the first is 0."""
        ...


class Problems(Sequence[Problem]):
    """Problems and the rows where their images are. A slice of them is of the same kind."""

    def __init__(self, problems: Sequence[Problem], image_rows: Sequence[tuple[ImageSource, int]]) -> None:
        self.texts = problems
        """The problems without their images, all in memory."""
        self._image_rows = image_rows

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> Problems: ...
    def __getitem__(self, index: int | slice) -> Problem | Problems:
        if isinstance(index, slice):
            return Problems(self.texts[index], self._image_rows[index])
        source, row = self._image_rows[index]
        return replace(self.texts[index], images=source.images(row))


def load_split(
    page: Page,
    split: str,
    *,
    data: str | None,
    limit: int | None,
    images: Sequence[str],
    read: Callable[[Row], Problem | None],
    names: Sequence[str] = (),
    configs: Sequence[str] = (),
    has_images: bool = False,
) -> Problems:
    """The first ``limit`` problems of a page's split, from ``data`` or the Hub: ``find_files``, then ``load_rows``.

    The files are named for the split unless ``names`` says otherwise.
    """
    check_split(page, split)
    files = find_files(data, source=page.source, names=names or (split,), configs=configs)
    return load_rows(files, images=images, read=read, limit=limit, has_images=has_images)


def load_rows(
    files: Sequence[Path],
    *,
    images: Sequence[str],
    read: Callable[[Row], Problem | None],
    limit: int | None,
    has_images: bool = False,
) -> Problems:
    """The first ``limit`` problems that ``read`` makes of the rows; a row of which it makes None is left out.

    ``images`` are the columns that may hold images; with ``has_images`` a row also says whether it has any, in a column
    of that name, which costs one look through all of them. Raises ``DataError`` for a wrong value or an id that occurs
    twice.
    """
    problems: dict[str, Problem] = {}
    image_rows: list[tuple[ImageSource, int]] = []
    index = 0
    for path in files:
        rows = ParquetRows(path, images)
        for number, values in enumerate(rows.texts()):
            if limit is not None and len(problems) == limit:
                return Problems(list(problems.values()), image_rows)
            more = {"has_images": bool(rows.images(number))} if has_images else {}
            row = Row(values={**values, **more}, file=str(path), number=number + 1, index=index)
            index += 1
            problem = read(row)
            if problem is None:
                continue
            if problem.id in problems:
                raise DataError(f"{path}, row {row.number}: there is already a problem {problem.id!r}")
            problems[problem.id] = problem
            image_rows.append((rows, number))
    return Problems(list(problems.values()), image_rows)


def check_split(page: Page, split: str) -> None:
    """Raise ``DataError`` for a split that a benchmark does not have."""
    if split not in page.splits:
        raise DataError(f"{page.name} has no split {split!r}; it has: {', '.join(page.splits)}")


def without_images(problems: Sequence[Problem]) -> Sequence[Problem]:
    """The same problems as texts, read from no disk."""
    if isinstance(problems, Problems | Generated):
        return problems.texts
    return [replace(problem, images=()) for problem in problems]
