"""s1m import reads what s1m score reads: a run from the files of other harnesses, thinking and samples included."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks import find_benchmark
from s1m.cli import main
from s1m.evaluate.store import Run, load_run

PROBLEMS = find_benchmark("digits").load(split="test", limit=4, data=None)
GOLDS = [problem.gold for problem in PROBLEMS]
RUN = Path(__file__).parents[2] / "data_runs" / "sequential"


def lines(folder: Path, rows: Sequence[dict[str, Any]], name: str = "answers.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def imported(folder: Path, *files: Path, flags: Sequence[str] = ()) -> Run:
    out = folder / "run"
    assert main(["import", "digits", *map(str, files), "--out", str(out), *flags]) == 0
    return load_run(out)


def lmms_lines(said: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"doc_id": place, "target": gold, "filtered_resps": text, "exact_match": float(gold == text)}
        for place, (gold, text) in enumerate(zip(GOLDS, said, strict=True))
    ]


def test_samples_of_lmms_eval_and_the_verdicts_in_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = [*GOLDS[:3], "no idea"]
    run = imported(tmp_path, lines(tmp_path, lmms_lines(said)), flags=["--model", "theirs"])
    assert (run.settings["model"], run.settings["sources"]) == ("theirs", ["answers.jsonl"])
    assert "samples" not in run.settings
    assert [record.id for record in run.records] == [problem.id for problem in PROBLEMS]
    assert [record.verdicts[0].correct for record in run.records] == [True, True, True, False]
    assert capsys.readouterr().out.splitlines()[-1].split() == ["0", "75.0", "%", "–", "75.0", "%", "–"]


@pytest.mark.parametrize(
    "said",
    [
        "<think>I look.</think>{}",
        "◁think▷I look.◁/think▷{}",
        "I look.</think>{}",
        "[THINK]I look.[/THINK]{}",
    ],
)
def test_thinking_in_the_delimiters_of_any_family(said: str, tmp_path: Path) -> None:
    rows = [{"id": problem.id, "response": said.format(problem.gold)} for problem in PROBLEMS]
    for record in imported(tmp_path, lines(tmp_path, rows)).records:
        ((segment,),) = record.trace.chains
        assert (segment.text, record.trace.answers[0].text) == ("I look.", record.gold)
        assert record.verdicts[0].correct


def test_delimiters_of_its_own(tmp_path: Path) -> None:
    rows = [{"id": problem.id, "response": f"((I look.)){problem.gold}"} for problem in PROBLEMS]
    flags = ["--thinking-open", "((", "--thinking-close", "))"]
    (first, *_) = imported(tmp_path, lines(tmp_path, rows), flags=flags).records
    assert (first.trace.chains[0][0].text, first.trace.answers[0].text) == ("I look.", GOLDS[0])


def test_thinking_that_evalscope_keeps_apart(tmp_path: Path) -> None:
    rows = [
        {
            "index": place,
            "model_output": {
                "choices": [{"message": {"content": [{"type": "reasoning", "reasoning": "I look."},
                                                     {"type": "text", "text": gold}]}}]
            },
            "messages": [{"role": "user", "content": problem.question}],
        }
        for place, (problem, gold) in enumerate(zip(PROBLEMS, GOLDS, strict=True))
    ]  # fmt: skip
    (first, *_) = imported(tmp_path, lines(tmp_path, rows)).records
    assert (first.trace.chains[0][0].text, first.trace.answers[0].text) == ("I look.", GOLDS[0])
    assert first.trace.answers[0].stop == "closed"


def test_several_responses_are_samples_and_failures_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[dict[str, Any]] = [{"question_id": each.id, "pred": [each.gold, "no idea"]} for each in PROBLEMS[:3]]
    run = imported(tmp_path, lines(tmp_path, [*rows, {"question_id": PROBLEMS[3].id, "pred": None}]))
    captured = capsys.readouterr()
    assert "1 of 7 responses are errors of the recording run, and left out" in captured.err
    assert "3 of 256 problems, 6 responses a level" in captured.out
    assert run.settings["samples"] == 2
    assert [(record.id, record.sample) for record in run.records] == [
        (problem.id, sample) for problem in PROBLEMS[:3] for sample in (0, 1)
    ]
    assert len({record.key for record in run.records}) == 6
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert (summary["samples"], summary["levels"][0]["accuracy"]) == (2, 0.5)


def test_a_workbook_of_vlmevalkit_and_a_table_are_two_levels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["index", "question", "answer", "prediction", "hit"])
    for problem, gold in zip(PROBLEMS, GOLDS, strict=True):
        book.active.append([problem.id, problem.question, int(gold), "no idea", 0])
    book.save(tmp_path / "a.xlsx")
    with (tmp_path / "b.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "prediction"], *([each.id, each.gold] for each in PROBLEMS)])
    files = (tmp_path / "a.xlsx", tmp_path / "b.csv")
    run = imported(tmp_path, *files, flags=["--num-ignore", "0,2"])
    assert [[verdict.correct for verdict in record.verdicts] for record in run.records] == [[False, True]] * 4
    first, second = capsys.readouterr().out.splitlines()[-2:]
    assert first.split()[:3] == ["0", "0.0", "%"]
    assert second.split()[:2] == ["2", "–"]


def test_what_was_exported_is_imported_with_its_thinking(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    assert main(["export", str(RUN), "--to", "csv", "--level", "3", "--out", str(table)]) == 0
    before = {record.id: record for record in load_run(RUN).records}
    for record in imported(tmp_path, table).records:
        theirs = before[record.id]
        assert record.verdicts[0].correct == theirs.verdicts[-1].correct
        assert record.trace.answers[0].text == theirs.trace.answers[-1].text
        assert record.trace.chains[0][0].text.count("Wait,") == 3


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_log_of_inspect_ai_with_its_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("inspect_ai")
    log = tmp_path / "a.eval"
    assert main(["export", str(RUN), "--to", "inspect", "--out", str(log)]) == 0
    run = imported(tmp_path, log)
    before = {record.id: record for record in load_run(RUN).records}
    assert [record.trace.answers[0].text for record in run.records] == [
        before[record.id].trace.answers[-1].text for record in run.records
    ]
    assert all(record.trace.chains[0] for record in run.records)
    right = sum(record.verdicts[-1].correct for record in before.values())
    assert capsys.readouterr().out.splitlines()[-1].split()[1] == f"{100 * right / len(before):.1f}"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a", "prediction": "4"}], "has no id; a line is"),
        ([{"id": "nobody", "response": "4"}], "has a response to 'nobody', which is not a problem of digits"),
        ([{"id": PROBLEMS[0].id, "response": None}], "has no responses to score"),
    ],
)
def test_what_cannot_be_imported_is_one_line(
    rows: list[dict[str, Any]], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "digits", str(lines(tmp_path, rows)), "--out", str(tmp_path / "run")]) != 0
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_columns_that_cannot_be_matched_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("name,prediction,score\na,b,1\n")
    assert main(["import", "digits", str(tmp_path / "a.csv"), "--out", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err
    assert "has no column for an id (id, pid" in error
    assert "it has: name, prediction, score" in error


def test_levels_with_other_numbers_of_samples_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = [{"id": each.id, "response": each.gold} for each in PROBLEMS]
    files = [lines(tmp_path, one, "a.jsonl"), lines(tmp_path, one * 2, "b.jsonl")]
    flags = ["--num-ignore", "0-1", "--out", str(tmp_path / "run")]
    assert main(["import", "digits", *map(str, files), *flags]) == 1
    assert f"problem {PROBLEMS[0].id} has 1 responses at one level and 2 at another" in capsys.readouterr().err
