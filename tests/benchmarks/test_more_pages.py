"""MATH-500, AIME, GPQA and the newer sets with pictures: a tiny set in the Hub's layout, both verdicts, the prompts."""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow
import pytest

from s1m.benchmarks import BENCHMARKS, where_is_data
from s1m.benchmarks.page import UNCONFIRMED
from s1m.errors import DataError
from s1m.types import Problem
from tests.benchmarks.data import picture, write
from tests.benchmarks.more_rows import JUDGED, OFFICIAL, ROWS

NOTHING = ("", "None", "Sorry, I cannot help with that.", "I do not know.")


def save(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        with ZipFile(path.parent / "images.zip", "w") as archive:
            archive.writestr("images/00000.png", picture()["bytes"])
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        lists = pyarrow.list_(pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]))
        types: dict[str, pyarrow.DataType] = {
            "question_images_decoded": lists,
            "options": pyarrow.list_(pyarrow.string()),
        }
        plain = {name: pyarrow.string() for name in ("image_path", "image_attribution")}
        written = {"image": pyarrow.string()} if isinstance(rows[0].get("image"), str) else {}
        binary = {"image": pyarrow.binary()} if isinstance(rows[0].get("image"), bytes) else {}
        write(path, rows, **types, **plain, **binary, **written)


def load(name: str, folder: Path, rows: Sequence[dict[str, Any]] | None = None) -> Sequence[Problem]:
    split, file, ours = ROWS[name]
    save(folder / file, ours if rows is None else rows)
    return BENCHMARKS[name].load(split=split, limit=None, data=str(folder))


@pytest.mark.parametrize("name", ROWS)
def test_gold_answers_score_1_by_both_verdicts(name: str, tmp_path: Path) -> None:
    page, problems = BENCHMARKS[name], load(name, tmp_path)
    assert len(problems) == len(ROWS[name][2])
    for problem in problems:
        answer = OFFICIAL.get(name, "{}").format(problem.gold)
        verdict = page.score(problem, answer)
        assert verdict.correct, (problem.id, answer, verdict)
        assert verdict.official in (True, None), (problem.id, answer, verdict)
        judged = page.score(problem, answer, extraction=JUDGED.get(name, problem.gold))
        assert judged.official is True, (problem.id, judged)
        assert page.score(problem, f"Thinking.\n\nThe answer is {problem.gold}.").correct
        assert bool(problem.images) == getattr(page, "needs_images", name == "hallusionbench")
        assert all(key in problem.metadata for key in page.breakdowns)


@pytest.mark.parametrize("name", ROWS)
def test_an_answer_that_says_nothing_scores_0_strictly(name: str, tmp_path: Path) -> None:
    for problem in load(name, tmp_path):
        for nothing in NOTHING:
            verdict = BENCHMARKS[name].score(problem, nothing)
            assert not verdict.correct, (problem.id, nothing, verdict)
            assert not verdict.official, (problem.id, nothing, verdict)


@pytest.mark.parametrize("name", ROWS)
def test_one_answer_to_everything_is_right_only_where_it_is_the_gold_one(name: str, tmp_path: Path) -> None:
    for problem in load(name, tmp_path):
        for constant in ("A", "0", "yes"):
            right = BENCHMARKS[name].score(problem, constant).correct
            assert right == (constant == problem.gold.lower() or constant == problem.gold), (problem.id, constant)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("aime", {"answer": 1000}, "column 'answer': expected an integer from 0 to 999, got '1000'"),
        ("mmstar", {"answer": "E"}, "column 'answer': expected the letter of one of 4 choices, got 'E'"),
        ("realworldqa", {"answer": "C"}, "column 'answer': expected the letter of one of 2 choices, got 'C'"),
        ("blink", {"answer": "hidden"}, "column 'answer': expected the letter of one of 3 choices, got 'hidden'"),
        ("visulogic", {"label": "E"}, "column 'label': expected the letter of one of 4 choices, got 'E'"),
        ("hallusionbench", {"gt_answer": "2"}, "column 'gt_answer': expected 1 for yes or 0 for no, got '2'"),
        ("emma", {"options": []}, "column 'options': expected a list of choices, got none"),
        ("charxiv", {"reasoning_q_source": 5}, "column 'reasoning_q_source': expected 1 to 4, got 5"),
        ("math500", {"level": "1"}, "column 'level': expected a whole number, got '1'"),
        ("gpqa_diamond", {"Correct Answer": ""}, "column 'Correct Answer': expected text, got none"),
        ("phyx", {"answer": "E"}, "column 'answer': expected the letter of one of 4 choices, got 'E'"),
        ("zerobench", {"question_text": " "}, "column 'question_text': expected text, got none"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(name: str, change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load(name, tmp_path, [ROWS[name][2][0] | change])
    assert f"row 1, {message}" in str(caught.value)


@pytest.mark.parametrize("name", ["math500", "gpqa_diamond", "visulogic"])
def test_an_id_that_occurs_twice_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 2: there is already a problem"):
        load(name, tmp_path, [ROWS[name][2][0]] * 2)


def test_prompts(tmp_path: Path) -> None:
    asked = {name: [problem.question for problem in load(name, tmp_path / name)] for name in ROWS}
    assert asked["math500"][0].endswith(".\n\nPlease reason step by step, and put your final answer within \\boxed{}.")
    assert asked["gpqa_diamond"][0].startswith("Answer the following multiple choice question. The last line of your")
    assert asked["gpqa_diamond"][0].endswith("\nA) 10^-9 eV\nB) 10^-11 eV\nC) 10^-4 eV\nD) 10^-8 eV")
    assert asked["mmstar"][0].endswith("D: a hen\nAnswer with the option's letter from the given choices directly")
    assert asked["emma"][0].startswith("\nWhich piece fits? <image_1>\nA: this\nB: that\nC: none\n\nAnswer with the")
    assert asked["emma"][1].startswith("Given:\nWhich piece fits? <image_1>\nAnswer the question using a single word")
    assert asked["emma"][1].endswith('in one "\\boxed{}". Please solve the problem step by step.')
    assert asked["charxiv"][3].endswith("\n    * Your final answer must be a number with 2 decimal places.\n    ")
    assert asked["zerobench"][0].endswith("curly braces,\nlike this: {final answer}")


def test_choices_of_gpqa_stand_where_simple_evals_puts_them(tmp_path: Path) -> None:
    rows = [ROWS["gpqa_diamond"][2][0] | {"Record ID": f"rec{number}"} for number in range(3)]
    problems = load("gpqa_diamond", tmp_path, rows)
    assert [problem.gold for problem in problems] == ["C", "D", "C"]  # [3, 1, 0, 2], [3, 1, 2, 0], [2, 3, 0, 1]
    assert all(problem.choices["ABCD".index(problem.gold)] == "10^-4 eV" for problem in problems)
    some = BENCHMARKS["gpqa_diamond"].load(split="train", limit=2, data=str(tmp_path / "gpqa_diamond.csv"))
    assert list(some) == list(problems[:2])


def test_a_year_of_aime_in_either_layout(tmp_path: Path) -> None:
    save(tmp_path / "aime_2024" / "train-00000-of-00001.parquet", [{"id": 60, "problem": "Find n.", "answer": "025"}])
    save(tmp_path / "aime_2025" / "train-00000-of-00001.parquet", [{"problem_idx": 1, "problem": "?", "answer": 7}])
    (first,) = BENCHMARKS["aime"].load(split="2024", limit=None, data=str(tmp_path))
    (other,) = BENCHMARKS["aime"].load(split="2025", limit=None, data=str(tmp_path))
    assert [(first.id, first.gold), (other.id, other.gold)] == [("aime-2024-60", "25"), ("aime-2025-1", "7")]


def test_text_sets_are_read_from_parquet_too(tmp_path: Path) -> None:
    save(tmp_path / "data" / "test-00000-of-00001.parquet", ROWS["math500"][2])
    assert len(BENCHMARKS["math500"].load(split="test", limit=1, data=str(tmp_path))) == 1
    with pytest.raises(DataError, match=r"has no gpqa_diamond\.csv"):
        BENCHMARKS["gpqa_diamond"].load(split="train", limit=None, data=str(tmp_path))
    with pytest.raises(DataError, match=r"--data is test\.jsonl of HuggingFaceH4/MATH-500"):
        BENCHMARKS["math500"].load(split="test", limit=None, data=str(tmp_path / "nowhere"))


def test_configs_and_splits_of_their_own(tmp_path: Path) -> None:
    for name, config in (("blink", "Counting"), ("emma", "Math")):
        page = BENCHMARKS[name]
        save(tmp_path / name / config / ROWS[name][1], ROWS[name][2])
        with pytest.raises(DataError, match="lacks"):
            page.load(split=page.splits[0], limit=None, data=str(tmp_path / name))
    save(tmp_path / "data" / "zerobench_subquestions-00000-of-00001.parquet", ROWS["zerobench"][2])
    assert len(BENCHMARKS["zerobench"].load(split="subquestions", limit=None, data=str(tmp_path))) == 2


def test_pictures_of_visulogic_unpacked_or_missing(tmp_path: Path) -> None:
    page = BENCHMARKS["visulogic"]
    zipped = load("visulogic", tmp_path)
    (tmp_path / "images.zip").unlink()
    with pytest.raises(DataError, match=r"has neither images\.zip nor a folder images"):
        page.load(split="test", limit=None, data=str(tmp_path))
    (tmp_path / "images").mkdir()
    with pytest.raises(DataError, match=r"00000\.png"):
        page.load(split="test", limit=None, data=str(tmp_path))
    (tmp_path / "images" / "00000.png").write_bytes(picture()["bytes"])
    assert page.load(split="test", limit=None, data=str(tmp_path))[0].images == (picture()["bytes"],)
    with pytest.raises(DataError, match=r"cannot read images/00000\.png"):
        _ = zipped[0]
    (tmp_path / "images.zip").write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"cannot read .*images\.zip"):
        page.load(split="test", limit=None, data=str(tmp_path))
    with ZipFile(tmp_path / "images.zip", "w"):
        """Empty."""
    with pytest.raises(DataError, match=r"has no images/00000\.png"):
        page.load(split="test", limit=None, data=str(tmp_path))


def test_pictures_of_phyx_are_read_in_any_order_and_a_broken_one_is_named(tmp_path: Path) -> None:
    rows = [ROWS["phyx"][2][0] | {"index": number, "image": b64encode(b"%d" % number).decode()} for number in range(4)]
    problems = load("phyx", tmp_path, [*rows, rows[0] | {"index": 9, "image": "?"}])
    assert [problems[place].images for place in (2, 0, 3, 3)] == [(b"2",), (b"0",), (b"3",), (b"3",)]
    with pytest.raises(DataError, match=r"row 5, column 'image': expected an image in base64"):
        _ = problems[4]


def test_the_list_marks_what_could_not_be_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    from s1m.cli.verbs.benchmarks import run

    assert run(Namespace()) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "unconfirmed prompt: none is published with the set" in shown
    assert shown.count("unconfirmed") == sum(hasattr(page, UNCONFIRMED) for page in BENCHMARKS.values())


def test_data_of_several_datasets_is_here_when_all_of_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "not here" in where_is_data(BENCHMARKS["emma"])
    save(tmp_path / "datasets--luckychao--EMMA" / "snapshots" / "1" / "Math" / "test.parquet", [{"pid": "1"}])
    assert "not here" in where_is_data(BENCHMARKS["emma"])
    save(tmp_path / "datasets--luckychao--EMMA-mini" / "snapshots" / "1" / "Math" / "test.parquet", [{"pid": "1"}])
    assert where_is_data(BENCHMARKS["emma"]) == "in the Hub's cache"
    assert "not here" in where_is_data(BENCHMARKS["gpqa_diamond"])
    save(tmp_path / "datasets--Idavidrein--gpqa" / "snapshots" / "1" / "gpqa_diamond.csv", [{"Record ID": "1"}])
    assert where_is_data(BENCHMARKS["gpqa_diamond"]) == "in the Hub's cache"
