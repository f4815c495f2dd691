"""MathVision: all real problems with their images, in little memory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from PIL import Image

from s1m.benchmarks.mathvision import PROMPT, MathVision
from s1m.errors import DataError
from tests.benchmarks.data import picture, shared, write

PAGE = MathVision()

ROW: dict[str, Any] = {
    "id": "4",
    "question": "How many?\n<image1>",
    "options": ["one", "two", "three"],
    "image": picture(),
    "decoded_image": picture(),
    "answer": "B",
    "level": 2,
    "subject": "counting",
}


@pytest.mark.shared_data
@pytest.mark.parametrize("split", PAGE.splits)
def test_all_real_problems_are_read_lazily(split: str) -> None:
    problems = PAGE.load(split=split, limit=None, data=str(shared("mathvision")))
    assert len(problems) == PAGE.sizes[split]
    modes = set()
    ids = set()
    most = total = 0
    for problem in problems:
        (encoded,) = problem.images
        total += len(encoded)
        most = max(most, pyarrow.total_allocated_bytes())
        modes.add(Image.open(io.BytesIO(encoded)).mode)
        ids.add(problem.id)
        assert PAGE.score(problem, problem.gold).correct, problem.id
    assert len(ids) == len(problems)
    assert "RGB" in modes
    assert most < 12_000_000 or most < total / 5


@pytest.mark.shared_data
def test_the_tiny_set(tiny: Path) -> None:
    number, letter = PAGE.load(split="testmini", limit=None, data=str(tiny / "mathvision"))
    assert (number.gold, letter.gold) == ("60", "B")
    assert PAGE.score(number, "60").correct
    assert PAGE.score(letter, "B").correct


def test_a_row_becomes_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "test-00000-of-00001.parquet", [ROW, ROW | {"id": "5", "options": [], "answer": "61"}])
    problem, free = PAGE.load(split="test", limit=None, data=str(tmp_path))
    assert problem.question == PROMPT + "How many?\n<image1>\n(A) one\n(B) two\n(C) three"
    assert problem.metadata == {"subject": "counting", "level": "2", "question_type": "multi_choice"}
    assert free.question == PROMPT + "How many?\n<image1>"
    assert free.images == (ROW["decoded_image"]["bytes"],)
    assert PAGE.score(problem, r"So \boxed{B}").official is True
    assert PAGE.score(problem, "two").correct
    assert PAGE.score(problem, "anything", extraction="b").official is True
    assert PAGE.score(free, "The answer is $61$.").correct
    assert not PAGE.score(free, "The answer is $60$.").correct


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "CMYK"])
def test_images_pass_through_as_they_are(tmp_path: Path, mode: str) -> None:
    image = picture() if mode == "CMYK" else picture(mode=mode)
    if mode == "CMYK":
        buffer = io.BytesIO()
        Image.new("CMYK", (8, 8)).save(buffer, format="JPEG")
        image["bytes"] = buffer.getvalue()
    broken = {"bytes": b"no picture at all", "path": None}
    rows = [ROW | {"decoded_image": image}, ROW | {"id": "5", "decoded_image": None}]
    write(tmp_path / "test.parquet", [*rows, ROW | {"id": "6", "decoded_image": broken}])
    first, second, third = PAGE.load(split="test", limit=None, data=str(tmp_path))
    assert first.images == (image["bytes"],)
    assert second.images == ()
    assert third.images == (b"no picture at all",)


def test_a_gold_letter_beyond_the_options_is_named(tmp_path: Path) -> None:
    write(tmp_path / "test.parquet", [ROW, ROW | {"id": "5", "answer": "D"}])
    with pytest.raises(DataError, match=r"test\.parquet, row 2, column 'answer': expected the letter of one of 3"):
        PAGE.load(split="test", limit=None, data=str(tmp_path))
