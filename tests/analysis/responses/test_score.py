"""s1m score: both verdicts of recorded responses, counted part by part, with bad input named by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1m.benchmarks import find_benchmark
from s1m.cli import main

PROBLEMS = find_benchmark("digits").load(split="test", limit=6, data=None)


def responses(folder: Path, *lines: object) -> str:
    path = folder / "responses.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def answers(folder: Path) -> str:
    right = [{"pid": problem.id, "response": f"I look. Final answer: {problem.gold}"} for problem in PROBLEMS[:3]]
    wrong = [{"id": problem.id, "response": "no idea"} for problem in PROBLEMS[3:5]]
    return responses(folder, *right, *wrong, {"id": PROBLEMS[5].id, "response": None})


def test_everything_is_counted_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "verdicts.jsonl"
    assert main(["score", "digits", answers(tmp_path), "--out", str(out), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["responses"], counts["no_answer"], counts["errors"]) == (5, 2, 1)
    assert counts["strict"]["accuracy"] == 0.6
    assert counts["official"] == {"accuracy": None, "ci95": None}
    assert counts["rules"] == {"last-integer": 3, "no-answer": 2}
    kinds = counts["breakdowns"]["kind"]
    assert sum(part["responses"] for part in kinds.values()) == 5
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines[0] == {
        "id": PROBLEMS[0].id,
        "extraction": None,
        "prediction": PROBLEMS[0].gold,
        "official": None,
        "strict": True,
        "rule": "last-integer",
    }
    assert [line["strict"] for line in lines] == [True] * 3 + [False] * 2


def test_the_table_shows_every_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "digits", answers(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "60.0 %" in shown
    assert "kind: " in shown
    assert "last-integer 3" in shown
    assert "1 line without a response" in shown


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ({"id": "digits-test-99999", "response": "7"}, "which is not a problem of digits"),
        ({"response": "7"}, "line 1: it has no id"),
        ({"id": PROBLEMS[0].id, "response": 7}, "line 1: Expected `str | null`, got `int`"),
    ],
)
def test_a_bad_line_is_named(line: object, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "digits", responses(tmp_path, line)]) == 1
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "digits", str(tmp_path / "none.jsonl")]) == 2
    assert "cannot read" in capsys.readouterr().err
