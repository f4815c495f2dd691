"""custom: a user's own questions, and every way in which a file can be wrong."""

from __future__ import annotations

import csv
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


def test_numbers_are_ids_and_answers_and_what_is_left_out_is_inferred(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": 7, "question": "How many?", "answer": 14, "image": "pictures/1.png"},
        {"question": "How long?", "answer": 2.5},
        {"question": "Is it?", "answer": True, "image": ""},
        {"question": "Which?", "answer": 7, "choices": ["2", "7"]},
    ]
    lines(tmp_path)
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(rows))
    problems = PAGE.load(split="all", limit=None, data=str(path))
    assert [each.id for each in problems] == ["7", "2", "3", "4"]
    assert [each.gold for each in problems] == ["14", "2.5", "yes", "B"]
    assert [each.metadata["answer_type"] for each in problems] == ["integer", "number", "yes_no", "choice"]
    assert [len(each.images) for each in problems] == [1, 0, 0, 0]
    for problem, said in zip(problems, ("14", "It is 2.50.", "Yes, it is.", "The answer is (B)."), strict=True):
        assert PAGE.score(problem, said).correct, problem
        assert not PAGE.score(problem, "").correct


@pytest.mark.parametrize(
    ("gold", "kind", "said"),
    [
        ("1,234", "integer", "The answer is 1234."),
        ("-3", "integer", "-3"),
        (".5", "number", "1/2"),
        ("12 cm", "number", "The answer is 12."),
        ("50%", "number", "It is 50 percent."),
        ("$4.20", "number", "The answer is $4.20."),
        ("TRUE", "yes_no", "Yes."),
        ("No", "yes_no", "No, it is not."),
        ("[1, 2]", "list", "The answer is [1, 2]."),
        ("a red car", "text", "The answer is a red car."),
        ("Paris", "text", "Paris"),
        ("2x", "expression", "The answer is $2x$."),
        ("x", "expression", "The answer is x."),
        (r"\frac{x}{2}", "expression", "The answer is $0.5x$."),
    ],
)
def test_an_answer_is_judged_by_what_it_looks_like(gold: str, kind: str, said: str, tmp_path: Path) -> None:
    (problem,) = PAGE.load(split="all", limit=None, data=lines(tmp_path, ROW | {"answer": gold}))
    assert problem.metadata["answer_type"] == kind
    assert PAGE.score(problem, said).correct


SHEET: list[list[Any]] = [
    ["Question", "A", "B", "C", "Answer", "Image", "topic"],
    ["Which bar is tallest?", "red", "blue", "green", "B", "pictures/1.png", "bars"],
    ["How many bars\nare there?", "", "", "", 3, "pictures/1.png; pictures/1.png", ""],
    ["", "", "", "", "", "", ""],
    ["Is one of them red, or blue?", "", "", "", "yes", "", "colours"],
    ["Which is largest?", 1, 2, 3, 2, "", ""],
]


def spreadsheet(folder: Path, kind: str, rows: list[list[Any]]) -> str:
    lines(folder)
    path = folder / f"questions.{kind}"
    if kind == "xlsx":
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([cell if cell != "" else None for cell in row])
        book.save(path)
    else:
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file, delimiter={"csv": ",", "tsv": "\t"}[kind]).writerows(rows)
    return str(path)


@pytest.mark.parametrize("kind", ["csv", "tsv", "xlsx"])
def test_questions_from_a_spreadsheet(kind: str, tmp_path: Path) -> None:
    problems = PAGE.load(split="all", limit=None, data=spreadsheet(tmp_path, kind, SHEET))
    assert [each.id for each in problems] == ["1", "2", "3", "4"]
    assert [each.gold for each in problems] == ["B", "3", "yes", "B"]
    assert [each.metadata["answer_type"] for each in problems] == ["choice", "integer", "yes_no", "choice"]
    assert problems[0].question == "Which bar is tallest?\n(A) red\n(B) blue\n(C) green"
    assert problems[0].metadata["topic"] == "bars"
    assert "topic" not in problems[1].metadata
    assert [len(each.images) for each in problems] == [1, 2, 0, 0]


def test_a_spreadsheet_may_list_choices_in_one_cell(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["ID", "prompt", "options", "target"],
        [12, "Which?", "left; right", "right"],
        [13, "Which?", '["2", "7"]', "a"],
        [14, "Which?", "", "2.5"],
    ]
    problems = PAGE.load(split="all", limit=None, data=spreadsheet(tmp_path, "csv", rows))
    assert [(each.id, each.gold, each.choices) for each in problems] == [
        ("12", "B", ("left", "right")),
        ("13", "A", ("2", "7")),
        ("14", "2.5", ()),
    ]


@pytest.mark.parametrize(
    ("place", "cell", "message"),
    [
        ((2, 0), "", "row 3, column 'question': expected text, got none"),
        ((2, 4), "", "row 3, column 'answer': expected text, got none"),
        ((1, 4), "D", "row 2, column 'answer': expected the letter of one of 3 choices, got 'D'"),
        ((1, 3), "B", "row 2, column 'answer': 'B' is both a letter and the text of another choice"),
        ((2, 5), "2.png", "row 3, column 'images': there is no file '2.png' in"),
        ((2, 5), "1.png", "; did you mean pictures/1.png?"),
        ((2, 5), "https://a.b/1.png", "'https://a.b/1.png' is a web address, which is not fetched; save the picture"),
        (
            (0, 0),
            "ask",
            "needs a column question (prompt, query, problem) and a column answer (gold, target, label); it",
        ),
        ((0, 5), "Imagse", "row 1, column 'Imagse': there is no such column; did you mean images?; rename it"),
    ],
)
def test_what_is_wrong_with_a_spreadsheet_is_named(
    place: tuple[int, int], cell: str, message: str, tmp_path: Path
) -> None:
    rows = [[*row] for row in SHEET]
    rows[place[0]][place[1]] = cell
    with pytest.raises(DataError) as caught:
        PAGE.load(split="all", limit=None, data=spreadsheet(tmp_path, "csv", rows))
    assert message in str(caught.value)
    assert "questions.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_id_that_a_spreadsheet_has_twice_is_named(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["id", "question", "answer"], [1, "How many?", 3], [1, "Which?", "left"]]
    with pytest.raises(DataError, match=r"questions\.csv, row 3, column 'id': there is already a question '1'"):
        PAGE.load(split="all", limit=None, data=spreadsheet(tmp_path, "csv", rows))


@pytest.mark.parametrize("stored", ["images", "image", "paths", "none"])
def test_questions_from_parquet(stored: str, tmp_path: Path) -> None:
    lines(tmp_path)
    images: dict[str, Any] = {"images": [picture(), picture("blue")], "paths": ["pictures/1.png"], "none": []}
    kinds = {"images": pyarrow.list_(IMAGE), "paths": pyarrow.list_(pyarrow.string())}
    types = {"images": kinds.get(stored, kinds["paths"])}
    single = {name: value for name, value in ROW.items() if name != "images"} | {"image": picture()}
    rows = [single if stored == "image" else ROW | {"images": images[stored]}]
    path = write(tmp_path / "mine.parquet", rows, **types)
    (problem,) = PAGE.load(split="all", limit=None, data=str(path))
    assert len(problem.images) == {"images": 2, "image": 1, "paths": 1, "none": 0}[stored]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": ""}, "row 2, column 'id': expected text, got none"),
        ({"id": "1"}, "row 2, column 'id': there is already a question '1'"),
        ({"question": None}, "row 2, column 'question': expected text, got null"),
        ({"answer": None}, "row 2, column 'answer': expected text, got null"),
        ({"answer": [14]}, "row 2, column 'answer': expected text, got [14]"),
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
    with pytest.raises(UsageError, match=r"add --data FILE\.csv, \.tsv, \.xlsx, \.json, \.jsonl or \.parquet"):
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
        ({"imagse": "a.png"}, "row 1, column 'imagse': there is no such column; did you mean image?"),
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
