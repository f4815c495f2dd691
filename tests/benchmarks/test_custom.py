"""custom: a user's own questions, and every way in which a file can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from s1m.benchmarks.custom import Custom
from s1m.errors import DataError, UsageError
from tests.benchmarks.data import IMAGE, picture, write

PAGE = Custom()
PNG = picture()["bytes"]


def lines(folder: Path, *rows: dict[str, Any]) -> str:
    (folder / "pictures").mkdir(exist_ok=True)
    (folder / "pictures" / "1.png").write_bytes(PNG)
    path = folder / "mine.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    return str(path)


ROW: dict[str, Any] = {"id": "1", "question": "What is the total?", "answer": "14", "images": ["pictures/1.png"]}


def test_questions_from_json_lines(tmp_path: Path) -> None:
    choice = {"id": "2", "question": "Which?", "answer": "7", "choices": ["2", "7"], "metadata": {"source": "mine"}}
    letter = {"id": "3", "question": "Which?", "answer": "A", "choices": ["2", "7"]}
    integer = {"id": "4", "question": "How many?", "answer": "3", "answer_type": "integer"}
    problems = PAGE.load(split="all", limit=None, data=lines(tmp_path, ROW, choice, letter, integer))
    assert [problem.gold for problem in problems] == ["14", "B", "A", "3"]
    assert problems[0].images == (PNG,)
    assert problems[1].images == ()
    assert problems[1].question == "Which?\n(A) 2\n(B) 7"
    assert problems[1].metadata == {"source": "mine", "answer_type": "choice"}
    for problem in problems:
        assert PAGE.score(problem, f"The answer is {problem.gold}.").correct
        assert not PAGE.score(problem, "").correct
    assert len(PAGE.load(split="all", limit=2, data=lines(tmp_path, ROW, choice, letter))) == 2
    (tmp_path / "pictures" / "1.png").unlink()
    with pytest.raises(DataError, match=r"cannot read .*1\.png"):
        problems[0]


@pytest.mark.parametrize(
    ("answer_type", "gold", "said"),
    [
        ("number", "0.5", "1/2"),
        ("list", "[1, 2]", "The answer is [1, 2]."),
        ("yes_no", "Yes", "yes, it is"),
        ("text", "a cat", "The answer is: cat."),
        ("expression", r"\frac{x}{2}", r"The answer is $0.5x$."),
    ],
)
def test_answers_of_every_type(answer_type: str, gold: str, said: str, tmp_path: Path) -> None:
    data = lines(tmp_path, ROW | {"answer": gold, "answer_type": answer_type})
    (problem,) = PAGE.load(split="all", limit=None, data=data)
    assert PAGE.score(problem, said).correct


@pytest.mark.parametrize("stored", ["images", "paths", "none"])
def test_questions_from_parquet(stored: str, tmp_path: Path) -> None:
    lines(tmp_path)
    images: dict[str, Any] = {"images": [picture(), picture("blue")], "paths": ["pictures/1.png"], "none": []}
    kinds = {"images": pyarrow.list_(IMAGE), "paths": pyarrow.list_(pyarrow.string())}
    types = {"images": kinds.get(stored, kinds["paths"])}
    path = write(tmp_path / "mine.parquet", [ROW | {"images": images[stored]}], **types)
    (problem,) = PAGE.load(split="all", limit=None, data=str(path))
    assert len(problem.images) == {"images": 2, "paths": 1, "none": 0}[stored]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ""}, "row 2, column 'id': expected text, got none"),
        ({"id": "1"}, "row 2, column 'id': there is already a question '1'"),
        ({"question": None}, "row 2, column 'question': expected text, got null"),
        ({"answer": 14}, "row 2, column 'answer': expected text, got 14"),
        ({"images": "a.png"}, "row 2, column 'images': expected a list of texts, got 'a.png'"),
        ({"images": ["a.png"]}, "row 2, column 'images': there is no file"),
        ({"answer_type": "essay"}, "row 2, column 'answer_type': expected one of integer, number, list"),
        ({"answer_type": "choice"}, "expected one of integer, number, list"),
        ({"choices": ["a", "b"]}, "row 2, column 'answer': expected the letter of one of 2 choices, got '14'"),
        ({"choices": ["14", "b"], "answer_type": "text"}, "expected choice, because there are choices; got 'text'"),
        ({"metadata": ["x"]}, "row 2, column 'metadata': expected a mapping of texts"),
        ({"metadata": {"level": 3}}, "row 2, column 'metadata.level': expected text, got 3"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        PAGE.load(split="all", limit=None, data=lines(tmp_path, ROW, ROW | {"id": "2"} | change))
    assert message in str(caught.value)
    assert "mine.jsonl" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"add --data FILE\.jsonl"):
        PAGE.load(split="all", limit=None, data=None)
    with pytest.raises(DataError, match="there is no file"):
        PAGE.load(split="all", limit=None, data=str(tmp_path))
    broken = tmp_path / "broken.jsonl"
    for text, message in [
        ("{", "line 1: Input data was truncated"),
        ("3", "line 1: Expected `object`, got `int`; a line is an object"),
    ]:
        broken.write_text(text)
        with pytest.raises(DataError, match=message):
            PAGE.load(split="all", limit=None, data=str(broken))
    broken.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match="line 1: it is UTF-16; save it as UTF-8"):
        PAGE.load(split="all", limit=None, data=str(broken))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": "a.png"}, "row 1, column 'image': there is no such column; did you mean images?"),
        ({"colour": "red"}, "row 1, column 'colour': there is no such column"),
        (
            {"choices": [*map(str, range(27))]},
            "27 choices are more than there are letters; give at most 26",
        ),
        ({"metadata": {"a.b": "c"}}, "the name 'a.b' has a dot, which means a field within; use _ instead"),
    ],
)
def test_what_would_be_left_out_in_silence_is_refused(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        PAGE.load(split="all", limit=None, data=lines(tmp_path, ROW | change))
    assert message in str(caught.value)
