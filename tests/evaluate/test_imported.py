"""s1m import: S1-M's result files become a run that a report takes like any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks.mathvista import MathVista
from s1m.cli import main
from s1m.evaluate.imported import turn_of
from s1m.evaluate.store import load_run
from tests.benchmarks.data import shared

pytestmark = pytest.mark.usefixtures("unrendered_figures")

ROWS = {
    pid: {
        "pid": pid,
        "question": question,
        "query": query,
        "choices": choices,
        "unit": None,
        "precision": None,
        "answer": answer,
        "question_type": "multi_choice" if choices else "free_form",
        "answer_type": "text" if choices else "integer",
        "metadata": {"skills": ["arithmetic reasoning"], "task": "figure question answering"},
    }
    for pid, question, query, choices, answer in (
        ("1", "How many?", "Hint: an integer.\nQuestion: How many?", None, "7"),
        ("2", "Which?", "Hint: a letter.\nQuestion: Which?\nChoices:\n(A) left\n(B) right", ["left", "right"], "right"),
        ("3", "How many?", "Hint: an integer.\nQuestion: How many?", None, "9"),
    )
}


def result(pid: str, response: str, extraction: str = "", *, right: bool = False) -> dict[str, Any]:
    row = ROWS[pid]
    return {
        "query": row["query"],
        "choices": row["choices"],
        "answer": row["answer"],
        "response": response,
        "extraction": extraction,
        "prediction": extraction,
        "true_or_false": right,
    }


def results_file(folder: Path, name: str, *results: Mapping[str, Any], accuracy: float = 0.5) -> str:
    path = folder / name
    path.write_text(json.dumps({"accuracy": accuracy, "results": results}, ensure_ascii=False), encoding="utf-8")
    return str(path)


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "testmini.json"
    path.write_text(json.dumps(ROWS), encoding="utf-8")
    return str(path)


def sweep(folder: Path) -> list[str]:
    thought = "<think>It could be 5.Wait, I count 7.</think>\nFinal answer: 7"
    return [
        results_file(
            folder, "results_2.json",
            result("1", thought, "7", right=True),
            result("2", "This model's maximum context length is 8192 tokens.", "", right=False),
            result("3", "9", "9", right=True),
            accuracy=2 / 3,
        ),
        results_file(
            folder, "results_0.json",
            result("1", "5", "5"), result("2", "(B) right", "B", right=True),
            result("3", "<think>Hm, 9", "9", right=True),
        ),
    ]  # fmt: skip


def test_a_sweep_becomes_a_run(tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert main(["import", "mathvista", *sweep(tmp_path), "--data", data, "--out", str(out), "--model", "s1-m"]) == 0
    printed = capsys.readouterr().out
    run = load_run(out)
    assert run.settings == {
        "benchmark": "mathvista",
        "split": "testmini",
        "model": "s1-m",
        "num_ignore": [0, 2],
        "sources": ["results_0.json", "results_2.json"],
        "tokens": "estimated: characters / 4",
        "out": str(out),
        "origin": "imported",
        "sweep": "independent",
    }
    first, second, third = run.records
    assert [record.id for record in run.records] == ["1", "2", "3"]
    assert [answer.level for answer in first.trace.answers] == [0, 2]
    (segment,) = first.trace.chains[1]
    assert (segment.text, segment.tokens, segment.stop) == ("It could be 5.Wait, I count 7.", 8, "closed")
    assert (first.trace.answers[1].text, first.trace.answers[1].tokens) == ("7", 1)
    assert (first.trace.chains[0], first.trace.answers[0].stop) == ((), "closed")
    assert [verdict.correct for verdict in first.verdicts] == [False, True]
    assert [verdict.correct for verdict in second.verdicts] == [True, False]
    assert second.verdicts[1].prediction is None
    # Thinking without an end has no answer, whatever somebody extracted from it.
    assert (third.verdicts[0].prediction, third.verdicts[0].official) == (None, True)
    assert (third.trace.answers[0].stop, third.trace.chains[0][0].text) == ("eos", "Hm, 9")
    summary = json.loads((out / "summary.json").read_text())
    assert summary["tokens_estimated"] is True
    assert "tokens estimated" in printed
    assert "tokens estimated" in (out / "report.html").read_text(encoding="utf-8")
    assert "3 of 3 problems" in printed
    # To the official scorer an empty extraction is the nearest choice, here the wrong one.
    assert [line.split()[-3:] for line in printed.splitlines()[-2:]] == [["3", "of", "3"]] * 2


def test_a_bundled_tokenizer_counts(tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers")
    folder = str(files("s1m").joinpath("assets/digits-qwen2vl"))
    out = tmp_path / "run"
    file = results_file(tmp_path, "seven.json", result("1", "<think>3 4</think>\nFinal answer: 12"))
    arguments = ["import", "mathvista", file, "--data", data, "--out", str(out)]
    assert main([*arguments, "--tokenizer", folder]) == 0
    run = load_run(out)
    assert (run.settings["tokens"], run.settings["model"]) == (f"counted by {folder}", "seven")
    from transformers import AutoTokenizer

    wanted = len(AutoTokenizer.from_pretrained(folder)("3 4")["input_ids"])
    assert run.records[0].trace.chains[0][0].tokens == wanted
    assert "estimated" not in capsys.readouterr().out
    arguments[-1] = str(tmp_path / "other")
    assert main([*arguments, "--tokenizer", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_nothing_is_mixed_with_an_imported_run(
    tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "run")
    file = results_file(tmp_path, "seven.json", result("1", "7"))
    assert main(["import", "mathvista", file, "--data", data, "--out", out]) == 0
    assert main(["import", "mathvista", file, "--data", data, "--out", out]) == 2
    assert "is not empty; an import needs a new run folder" in capsys.readouterr().err
    monkeypatch.setattr(MathVista, "needs_images", False)  # the authors' file has none
    assert main(["eval", "mathvista", "--data", data, "--out", out, "--limit", "1"]) == 2
    assert "holds imported results" in capsys.readouterr().err


ONE = result("1", "7", "7", right=True)


@pytest.mark.parametrize(
    ("results", "flags", "complaint"),
    [
        ([[{**ONE, "query": "Who?"}]], [], "a.json, results[0]: its query belongs to no problem: 'Who?'"),
        ([[ONE, ONE]], [], "a.json, results[1]: its answer is '7', but that of problem 3 '9'"),
        ([[ONE, result("3", "9"), ONE]], [], "a.json, results[2]: its query occurs more often than there are problems"),
        ([[{**ONE, "response": None}]], [], "a.json, results[0]: Expected `str`, got `null` - at `$.response`"),
        ([[ONE, {}]], [], "a.json, results[1]: Object missing required field `query`"),
        ([[]], [], "a.json has no results"),
        ([[ONE, result("2", "B")], [ONE]], ["--num-ignore", "0-1"], "b.json has no result for problem 2, which other"),
        ([[ONE], [ONE]], [], "a.json: the file's name has no level"),
        ([[ONE], [ONE]], ["--num-ignore", "0-2"], "--num-ignore 0-2 names 3 levels, but there are 2 files"),
        ([[ONE], [ONE]], ["--num-ignore", "1,1"], "two files are of level 1"),
        ([[ONE]], ["--num-ignore", "x"], "num_ignore takes levels such as 0-7"),
    ],
)
def test_a_bad_file_is_named(
    results: list[list[Any]],
    flags: list[str],
    complaint: str,
    tmp_path: Path,
    data: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = [results_file(tmp_path, f"{name}.json", *each) for name, each in zip("ab", results, strict=False)]
    assert main(["import", "mathvista", *paths, "--data", data, "--out", str(tmp_path / "run"), *flags]) != 0
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_file_that_every_level_overwrote_needs_a_stated_level(
    tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = results_file(tmp_path, "results_{args.num_ignore}.json", ONE)
    command = ["import", "mathvista", file, "--data", data, "--out", str(tmp_path / "run")]
    assert main(command) == 2
    assert "name has no level" in capsys.readouterr().err
    assert main([*command, "--num-ignore", "7"]) == 0
    assert load_run(tmp_path / "run").settings["num_ignore"] == [7]


def test_files_that_are_none(tmp_path: Path, data: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--data", data, "--out", str(tmp_path / "run")]
    assert main(["import", "mathvista", str(tmp_path / "no.json"), *arguments]) == 2
    assert "cannot read" in capsys.readouterr().err
    (tmp_path / "list.json").write_text("[1]")
    assert main(["import", "mathvista", str(tmp_path / "list.json"), *arguments]) == 1
    assert "list.json, item 1: expected an object with an id and a response" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("response", "thinking", "answer", "stop"),
    [
        ("B", "", "B", "closed"),
        ("<think>a</think>\nFinal answer: B", "a", "B", "closed"),
        ("<think>\na </think> b </think>B", "a </think> b", "B", "closed"),
        ("a</think>B", "a", "B", "closed"),
        ("<think>a", "a", "", "eos"),
        ("<think></think>\nFinal answer: ", "", "", "closed"),
    ],
)
def test_a_turn_is_taken_apart(response: str, thinking: str, answer: str, stop: str) -> None:
    assert turn_of(response) == (thinking, answer, stop)


@pytest.mark.shared_data
@pytest.mark.parametrize("model", ["bard", "gpt4_2shot_solution"])
def test_recorded_verdicts_are_ours(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(shared("mathvista", "testmini.json"))
    problems = {problem.id: problem for problem in MathVista().load(split="testmini", limit=None, data=data)}
    lines = [json.loads(line) for line in shared("mathvista", f"{model}.jsonl").read_text().splitlines()]
    results = [
        {
            "query": problems[line["pid"]].question,
            "choices": list(problems[line["pid"]].choices) or None,
            "answer": problems[line["pid"]].gold,
            "response": line["response"],
            "extraction": line["extraction"],
            "prediction": line["prediction"],
            "true_or_false": line["true_false"],
        }
        for line in lines
    ]
    right = sum(line["true_false"] for line in lines) / len(lines)
    file = results_file(tmp_path, f"{model}.json", *results, accuracy=right)
    assert main(["import", "mathvista", file, "--data", data, "--out", str(tmp_path / "run")]) == 0
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row[1] == row[3] == f"{100 * right:.1f}"
    assert row[-3:] == ["1,000", "of", "1,000"]
    assert [record.id for record in load_run(tmp_path / "run").records] == [line["pid"] for line in lines]
