"""MathVista: the official queries, every gold answer, and files that are not what they should be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks.mathvista import MathVista
from s1m.errors import DataError
from tests.benchmarks.data import picture, shared, write

PAGE = MathVista()

ROW: dict[str, Any] = {
    "pid": "7",
    "question": "Which is larger?",
    "image": "images/7.jpg",
    "decoded_image": picture(),
    "choices": ["left", "right"],
    "unit": None,
    "precision": None,
    "answer": "right",
    "question_type": "multi_choice",
    "answer_type": "text",
    "metadata": {
        "category": "general-vqa",
        "grade": "college",
        "skills": ["arithmetic reasoning", "logical reasoning"],
    },
}


def file(folder: Path, *rows: dict[str, Any]) -> str:
    path = folder / "testmini.json"
    path.write_text(json.dumps({row["pid"]: row for row in rows}, default=str))
    return str(path)


@pytest.mark.shared_data
def test_all_official_queries_are_rebuilt() -> None:
    queries = json.loads(shared("mathvista", "queries.json").read_text())
    problems = PAGE.load(split="testmini", limit=None, data=str(shared("mathvista", "testmini.json")))
    assert {problem.id: problem.question for problem in problems} == queries
    assert len(problems) == 1000


@pytest.mark.shared_data
def test_every_gold_answer_scores_1() -> None:
    problems = PAGE.load(split="testmini", limit=None, data=str(shared("mathvista", "testmini.json")))
    missed = {problem.id for problem in problems if not PAGE.score(problem, problem.gold).correct}
    assert not missed
    for key in PAGE.breakdowns:
        assert all(problem.metadata[key] for problem in problems), key


@pytest.mark.shared_data
def test_the_tiny_set(tiny: Path) -> None:
    problems = PAGE.load(split="testmini", limit=None, data=str(tiny / "mathvista"))
    assert [problem.id for problem in problems] == ["1", "2", "3", "4"]
    assert all(problem.images[0].startswith(b"\x89PNG") for problem in problems)
    assert [problem.metadata["precision"] for problem in problems] == ["", "", "1", ""]
    assert problems[1].question.endswith("measuring cup? (Unit: g)")
    assert all(PAGE.score(problem, problem.gold).correct for problem in problems)


def test_a_row_becomes_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "data" / "testmini-00000-of-00001.parquet", [ROW | {"image": picture()}])
    (problem,) = PAGE.load(split="testmini", limit=None, data=str(tmp_path))
    assert problem.question == (
        "Hint: Please answer the question and provide the correct option letter, e.g., A, B, C, D, at the end.\n"
        "Question: Which is larger?\nChoices:\n(A) left\n(B) right"
    )
    assert problem.metadata["skills"] == "arithmetic reasoning; logical reasoning"
    assert problem.images == (ROW["decoded_image"]["bytes"],)
    assert PAGE.score(problem, "right").correct
    assert PAGE.score(problem, "(B)").correct
    assert not PAGE.score(problem, "(A)").correct
    assert PAGE.score(problem, "").prediction is None
    assert PAGE.score(problem, "").rule == "blank; official: guess"
    assert PAGE.score(problem, "It is the right one.").official is None
    assert PAGE.score(problem, "It is the right one.", extraction="B").official is True
    without_gold = replace(problem, gold="")
    assert (PAGE.score(without_gold, "left").correct, PAGE.score(without_gold, "left").official) == (False, None)


def test_a_published_query_is_asked_as_it_is(tmp_path: Path) -> None:
    (problem,) = PAGE.load(split="testmini", limit=None, data=file(tmp_path, ROW | {"query": "As published \n"}))
    assert problem.question == "As published"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pid": ""}, "row 1, column 'pid': expected text, got none"),
        ({"answer": "middle"}, "row 1, column 'answer': 'middle' is not one of the choices"),
        ({"choices": None}, "column 'answer_type': expected integer, list or float of precision 1 or 2, got 'text'"),
        ({"choices": "left"}, "column 'choices': expected a list of texts"),
        ({"precision": 1.5}, "column 'precision': expected a whole number, got 1.5"),
        ({"metadata": {"skills": [1]}}, "column 'metadata.skills': expected a list of texts"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError) as caught:
        PAGE.load(split="testmini", limit=None, data=file(tmp_path, ROW | change))
    assert message in str(caught.value)
    assert "testmini.json" in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no split 'train'; it has: testmini, test"):
        PAGE.load(split="train", limit=None, data=None)
    with pytest.raises(DataError, match="cannot read"):
        PAGE.load(split="testmini", limit=None, data=str(tmp_path / "no.json"))
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(DataError, match="expected a mapping from pid to row"):
        PAGE.load(split="testmini", limit=None, data=str(tmp_path / "list.json"))
