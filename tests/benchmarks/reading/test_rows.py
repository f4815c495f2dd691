"""Rows from parquet files: lazily, in any order, with errors that name the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from s1m.benchmarks.reading.parquet import ParquetRows
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import Problems, load_rows
from s1m.errors import DataError
from s1m.types import Problem
from tests.benchmarks.data import picture, write


def made(row: Row) -> Problem | None:
    if row.text("id") == "skip":
        return None
    return Problem(id=row.filled("id"), question=row.text("question"), images=(), gold="")


def rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    colours = ("red", "green", "blue", "white", "black")
    return [
        {"id": str(i), "question": f"q{i}", "image": None if i % 4 == 3 else picture(colours[i % 5])}
        for i in range(start, start + count)
    ]


def load(*files: Path, limit: int | None = None, images: tuple[str, ...] = ("image",)) -> Problems:
    return load_rows(files, images=images, read=made, limit=limit)


def test_images_are_read_when_asked_for_in_any_order(tmp_path: Path) -> None:
    given = rows(11)
    problems = load(write(tmp_path / "a.parquet", given[:7]), write(tmp_path / "b.parquet", given[7:]))
    assert len(problems) == 11
    expected = [() if row["image"] is None else (row["image"]["bytes"],) for row in given]
    for order in (range(11), reversed(range(11)), (5, 5, 2, 9, 8, 10, 0, 3)):
        for index in order:
            assert problems[index].images == expected[index], index
            assert problems[index].id == str(index)
    assert [problem.images for problem in problems] == expected
    assert problems[-1].id == "10"
    part = problems[2:9:3]
    assert isinstance(part, Problems)
    assert [problem.images for problem in part] == [expected[2], expected[5], expected[8]]
    with pytest.raises(IndexError):
        problems[11]


def test_a_limit_reads_no_more_and_rows_may_be_left_out(tmp_path: Path) -> None:
    given = rows(5)
    given[1]["id"] = "skip"
    given[4]["id"] = ""
    file = write(tmp_path / "a.parquet", given)
    problems = load(file, limit=3)
    assert [problem.id for problem in problems] == ["0", "2", "3"]
    assert problems[1].images == (given[2]["image"]["bytes"],)
    assert len(load(file, limit=0)) == 0
    with pytest.raises(DataError, match=r"a\.parquet, row 5, column 'id': expected text, got none"):
        load(file)


def test_several_image_columns_and_lists_of_images(tmp_path: Path) -> None:
    a, b = picture("red"), picture("blue", "P")
    struct = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    file = write(
        tmp_path / "a.parquet",
        [{"id": "1", "question": "", "image_1": None, "image_2": a, "images": [b, None, a]}],
        images=pyarrow.list_(struct),
    )
    assert load(file, images=("image_1", "image_2", "image_3"))[0].images == (a["bytes"],)
    assert load(file, images=("images",))[0].images == (b["bytes"], a["bytes"])


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", rows(1))
    with pytest.raises(DataError, match=r"a\.parquet has no column 'picture'; it has: id, question, image"):
        load(file, images=("picture",))
    with pytest.raises(DataError, match=r"column 'question': expected images .* got string"):
        load(file, images=("question",))
    outside = write(tmp_path / "b.parquet", [{"id": "1", "question": "", "image": {"bytes": None, "path": "x.png"}}])
    with pytest.raises(DataError, match=r"row 1, column 'image': the image is not in the file, only the path x\.png"):
        load(outside)[0]


def test_an_id_that_occurs_twice_and_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 2: there is already a problem '0'"):
        load(write(tmp_path / "a.parquet", rows(1) + rows(1)))
    (tmp_path / "b.parquet").write_text("not parquet")
    with pytest.raises(DataError, match=r"cannot read .*b\.parquet"):
        load(tmp_path / "b.parquet")
    cut = write(tmp_path / "c.parquet", rows(4))
    problems = load(cut)
    cut.write_bytes(cut.read_bytes()[:100])
    with pytest.raises(DataError, match=r"cannot read .*c\.parquet"):
        problems[0]


def test_text_is_read_without_the_images(tmp_path: Path) -> None:
    (values,) = ParquetRows(write(tmp_path / "a.parquet", rows(1)), ("image",)).texts()
    assert set(values) == {"id", "question"}


def test_values_are_what_a_page_expects_or_named() -> None:
    values = {"a": "x", "n": 3, "f": 1.5, "m": {"g": None, "s": ["u", "v"]}, "o": "['1', 2]"}
    row = Row(values=values, file="f.parquet", number=7)
    assert (row.text("a"), row.integer("n"), row.texts("m.s"), row.text_or("m.g", "-")) == ("x", 3, ("u", "v"), "-")
    assert row.written_texts("o") == ("1", "2")
    assert row.texts("zzz") == ()
    wrong: list[tuple[Callable[[], object], str]] = [
        (lambda: row.text("n"), "f.parquet, row 7, column 'n': expected text, got 3"),
        (lambda: row.text("m.g"), "f.parquet, row 7, column 'm.g': expected text, got null"),
        (lambda: row.text("m.x"), "column 'm.x': there is no 'x' in it"),
        (lambda: row.text("aa"), "column 'aa': there is no such column; did you mean a?"),
        (lambda: row.integer("f"), "expected a whole number, got 1.5"),
        (lambda: row.texts("a"), "expected a list of texts, got 'x'"),
        (lambda: row.written_texts("a"), "expected a list in Python's spelling, got 'x'"),
        (lambda: row.letter("a", 4), "expected the letter of one of 4 choices, got 'x'"),
        (lambda: row.letter("o", 4), "expected the letter of one of 4 choices"),
    ]
    for reading, message in wrong:
        with pytest.raises(DataError) as caught:
            reading()
        assert message in str(caught.value)
