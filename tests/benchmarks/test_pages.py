"""Every page: rows become problems, gold answers score 1, what is wrong with a file is named."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from s1m.benchmarks import BENCHMARKS, where_is_data
from s1m.errors import DataError
from s1m.types import Problem
from tests.benchmarks.data import write
from tests.benchmarks.sample_rows import ROWS

TINY = {
    "mathverse": ("testmini", "mathverse"),
    "mmmu": ("validation", "mmmu"),
    "mmmu_pro": ("standard", "mmmu_pro"),
    "wemath": ("testmini", "wemath"),
    "dynamath": ("sample_variant1", "dynamath"),
    "logicvista": ("test", "logicvista"),
    "olympiadbench": ("en", "olympiadbench"),
    "scienceqa": ("test", "scienceqa"),
    "ai2d": ("test", "ai2d"),
    "chartqa": ("test", "chartqa_m4"),
    "m3cot": ("test", "m3cot"),
}


def load(name: str, folder: Path, rows: Sequence[dict[str, Any]] | None = None) -> Sequence[Problem]:
    split, file, ours = ROWS[name]
    write(folder / file, ours if rows is None else rows)
    data = folder / Path(file).parent if name == "olympiadbench" else folder
    return BENCHMARKS[name].load(split=split, limit=None, data=str(data))


def said(problem: Problem) -> str:
    """The gold answer as a model might say it."""
    gold = problem.gold
    return gold if not gold.startswith("[") else "8.3"


def check_gold_answers(name: str, problems: Sequence[Problem]) -> None:
    page = BENCHMARKS[name]
    assert problems
    for problem in problems:
        for answer in (said(problem), f"Thinking.\n\nThe answer is {said(problem)}."):
            verdict = page.score(problem, answer)
            assert verdict.correct, (problem.id, answer, verdict)
        assert page.score(problem, said(problem)).official in (True, None), problem.id
        for nothing in ("", "None", "Sorry, I cannot help with that."):
            assert not page.score(problem, nothing).correct, (problem.id, nothing)
        for key in page.breakdowns:
            assert key in problem.metadata, (problem.id, key)
        assert all(isinstance(text, str) for text in problem.metadata.values())


@pytest.mark.parametrize("name", ROWS)
def test_every_gold_answer_scores_1(name: str, tmp_path: Path) -> None:
    check_gold_answers(name, load(name, tmp_path))


@pytest.mark.parametrize("name", ROWS)
def test_one_answer_to_everything_is_right_only_where_it_is_the_gold_one(name: str, tmp_path: Path) -> None:
    for problem in load(name, tmp_path):
        for constant in ("A", "0", "yes", "1"):
            right = BENCHMARKS[name].score(problem, constant).correct
            assert right == (constant.lower() == said(problem).lower()), (problem.id, problem.gold, constant)


def test_mmmu_is_read_by_subject_and_whole_with_and_without_public_answers(tmp_path: Path) -> None:
    _, _, rows = ROWS["mmmu"]
    public = [{**row, "id": row["id"].replace("validation", "test")} for row in rows]
    hidden = [{**row, "answer": "?"} for row in public]
    listed = [{**row, "options": [*ast.literal_eval(row["options"])]} for row in public]
    text = pyarrow.list_(pyarrow.string())
    write(tmp_path / "subjects" / "Math" / "test-00000-of-00001.parquet", public[:2])
    write(tmp_path / "subjects" / "Art_Theory" / "test-00000-of-00001.parquet", public[2:])
    write(tmp_path / "whole" / "data" / "test-00000-of-00001.parquet", public)
    write(tmp_path / "listed" / "data" / "test-00000-of-00001.parquet", listed, options=text)
    write(tmp_path / "hidden" / "data" / "test-00000-of-00001.parquet", hidden)
    page = BENCHMARKS["mmmu"]
    read = {
        name: page.load(split="test", limit=None, data=str(tmp_path / name)) for name in ("whole", "listed", "hidden")
    }
    for name in ("whole", "listed"):
        check_gold_answers("mmmu", read[name])
        assert [problem.question for problem in read[name]] == [problem.question for problem in read["hidden"]]
    assert {problem.gold for problem in read["hidden"]} == {""}
    assert not any(page.score(problem, "A").correct for problem in read["hidden"])


@pytest.mark.shared_data
@pytest.mark.parametrize("name", TINY)
def test_the_tiny_sets(name: str, tiny: Path) -> None:
    split, folder = TINY[name]
    problems = BENCHMARKS[name].load(split=split, limit=None, data=str(tiny / folder))
    check_gold_answers(name, problems)
    assert any(problem.images for problem in problems)
    assert all(image.startswith(b"\x89PNG") for problem in problems for image in problem.images)


@pytest.mark.shared_data
def test_the_other_tiny_layouts(tiny: Path) -> None:
    vision = BENCHMARKS["mmmu_pro"].load(split="vision", limit=None, data=str(tiny / "mmmu_pro_vision"))
    assert vision[0].question.startswith("Write out the multiple-choice question")
    check_gold_answers("mmmu_pro", vision)
    charts = BENCHMARKS["chartqa"].load(split="test", limit=None, data=str(tiny / "chartqa_lmms"))
    assert [chart.metadata["origin"] for chart in charts] == ["human", "augmented"]
    check_gold_answers("chartqa", charts)


@pytest.mark.parametrize(
    ("name", "row", "change", "message"),
    [
        ("mathverse", 0, {"answer": "C"}, "column 'answer': expected the letter of a choice, got 'C'"),
        ("mmmu", 0, {"options": "'1', '2"}, "column 'options': expected a list in Python's spelling"),
        ("mmmu", 0, {"answer": "D"}, "column 'answer': expected the letter of one of 3 choices, got 'D'"),
        ("mmmu_pro", 0, {"answer": "F"}, "expected the letter of one of 5 choices, got 'F'"),
        ("wemath", 1, {"option": "6 cm, 8 cm"}, "row 2, column 'option': expected choices such as 'A. 6 cm; B. 8 cm'"),
        ("dynamath", 1, {"answer_type": "int"}, "column 'answer_type': expected one of multiple choice, float, text"),
        ("olympiadbench", 1, {"error": "small"}, "row 2, column 'error': expected numbers such as 1e-1, got 'small'"),
        ("olympiadbench", 0, {"answer_type": "Poem"}, "column 'answer_type': expected one of Numerical, Expression"),
        ("scienceqa", 0, {"answer": 2}, "column 'answer': expected the place of one of 2 choices, got 2"),
        ("ai2d", 0, {"answer": "B"}, "column 'answer': expected the place of one of 3 options, got 'B'"),
        ("chartqa", 1, {"label": []}, "row 2, column 'label': expected a list with the answer, got none"),
        ("chartqa", 0, {"human_or_machine": 2}, "column 'human_or_machine': expected 0 or 1, got 2"),
        ("m3cot", 0, {"domain": None}, "column 'domain': expected text, got null"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(
    name: str, row: int, change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    rows = [*ROWS[name][2]]
    rows[row] = rows[row] | change
    with pytest.raises(DataError) as caught:
        load(name, tmp_path, rows)
    assert message in str(caught.value)
    assert ".parquet, row " in str(caught.value)


@pytest.mark.parametrize("name", ROWS)
def test_a_column_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    column = next(key for key in ROWS[name][2][0] if key in ("question", "query", "query_wo"))
    column = "query_wo" if name == "mathverse" else column
    with pytest.raises(DataError, match=r"row 1, column '\w+': there is no such column"):
        load(name, tmp_path, [{key: row[key] for key in row if key != column} for row in ROWS[name][2]])


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_page_says_what_it_is(name: str) -> None:
    page = BENCHMARKS[name]
    assert page.name == name
    assert set(page.sizes) <= set(page.splits)
    assert all((page.title, page.licence, page.source, page.scoring, where_is_data(page)))
    with pytest.raises(DataError, match=f"{name} has no split 'nowhere'"):
        page.load(split="nowhere", limit=1, data=None)


def test_prompts_are_the_official_ones(tmp_path: Path) -> None:
    asked = {name: [problem.question for problem in load(name, tmp_path / name)] for name in ROWS}
    assert asked["mmmu"][0] == (
        "<image 1> What is the area?\nA. one\nB. two\nC. three\n\n"
        "Answer with the option's letter from the given choices directly."
    )
    assert asked["mmmu"][1].endswith("area?\n\nAnswer the question using a single word or phrase.")
    assert asked["mmmu_pro"][0].startswith("<image 1> Which one?\nA. oak\nB. ash")
    assert asked["mmmu_pro"][0].endswith("Think step by step before answering.")
    assert "\nOption: A. 6, 7;B. 8; 9;    C. 10 cm; D. No correct answer\nRegarding" in asked["wemath"][0]
    assert asked["dynamath"][1].startswith("## Question\n (A) Yes (B) No\n## Answer Instruction Please provide")
    assert asked["dynamath"][1].endswith('"short answer": "[Concise Answer]"\n}')
    assert asked["olympiadbench"][0] == (
        "The following is an open-ended problem from an International Math competition. The answer of The problem "
        "should be a numerical value. Please calculate the answer according to the given requirements and the "
        "information provided. Please use LaTeX format to represent the variables and formulas used in the solution "
        'process and results. Please end your solution with "So the final answer is \\boxed{answer}." and give the '
        "result explicitly.\nFind the value of <image_1>."
    )
    assert "\\boxed{answer}(unit)" in asked["olympiadbench"][1]
    assert asked["olympiadbench"][1].endswith("\nSo:\nFind the value of <image_1>.")
    assert "each of them should be a numerical value" in asked["olympiadbench"][3]
    assert asked["scienceqa"][1].startswith("Context: It rained.\nWhich is farthest north?\nA. Texas\nB. Ohio\nAnswer")
    assert asked["chartqa"][0] == "How many?\nAnswer the question with a single word."
    assert asked["m3cot"][0] == ("[Context]\nIt is cold.\n\n[Question]\nWhy?\n[Choices]\n(A) wind\n(B) rain\n(C) snow")


def test_metadata_by_which_results_are_broken_down(tmp_path: Path) -> None:
    problems = {name: load(name, tmp_path / name) for name in ROWS}
    assert [problem.metadata["context"] for problem in problems["scienceqa"]] == ["IMG", "TXT", "NO"]
    assert [problem.metadata["grades"] for problem in problems["scienceqa"]] == ["G1-6", "G7-12", "G1-6"]
    theory = problems["mmmu"][2].metadata
    assert (theory["subject"], theory["domain"]) == ("Art_Theory", "Art and Design")
    assert [problem.id for problem in problems["dynamath"]] == ["1-3", "2-3", "3-3"]
    assert problems["wemath"][1].id == "2steps_1 2steps_multi"
    assert problems["wemath"][0].choices == ("6, 7", "8; 9", "10 cm", "No correct answer")
    assert problems["mathverse"][0].choices == ("65°", "60°")
    assert problems["mathverse"][1].gold == "118°"
    assert problems["logicvista"][0].metadata["broad_capability"] == "patterns; 3D"
    assert len(problems["olympiadbench"]) == 5
