"""s1m score: both verdicts of recorded responses, counted part by part, with bad input named by its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s1m.analysis.responses.counts import ResponseCounts
from s1m.benchmarks import Measured, find_benchmark
from s1m.benchmarks.digits import Digits
from s1m.cli import main
from s1m.types import Problem, Verdict
from tests.thinking_checkpoints import KINDS

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


@pytest.mark.parametrize("name", [".", "/", "..", "/dev/zero"])
def test_responses_that_are_no_file(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "digits", name]) == 2
    assert f"cannot read {name}: it is not a file" in capsys.readouterr().err


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


def test_repeated_ids_are_samples_of_one_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = PROBLEMS[:2]
    lines = [{"id": first.id, "response": text} for text in (first.gold, "no idea", first.gold, "no idea")]
    path = responses(tmp_path, *lines, {"id": second.id, "response": second.gold})
    assert main(["score", "digits", path, "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["problems"], counts["responses"], counts["no_answer"]) == (2, 5, 2)
    assert counts["strict"]["accuracy"] == 0.75
    assert counts["strict"]["ci95"] == pytest.approx({"low": 0.1979, "high": 0.9733}, abs=1e-3)
    assert main(["score", "digits", path]) == 0
    assert "5 responses to 2 problems" in capsys.readouterr().out


def test_measures_over_groups_take_the_first_sample_of_a_problem() -> None:
    page = find_benchmark("wemath")
    assert isinstance(page, Measured)
    counts = ResponseCounts(breakdowns=(), measured=page)
    for key in ("2steps_1", "2steps_2", "2steps_multi"):
        problem = Problem(
            id=key, question="?", images=(), gold="A", metadata={"problem": "1", "key": key, "knowledge": ""}
        )
        counts.add(problem, Verdict(prediction="A", correct=True, rule="whole"))
        counts.add(problem, Verdict(prediction="B", correct=False, rule="whole"))
    measures = counts.measures()["strict"]
    assert (measures.groups, measures.shares["CM strict"]) == (1, 1.0)
    assert counts.whole.strict_accuracy.accuracy == 0.5


def test_a_scorer_that_fails_costs_one_response(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    score = Digits.score

    def failing(self: Digits, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        if problem.id == PROBLEMS[1].id:
            raise RecursionError("too deep")
        return score(self, problem, answer, extraction)

    monkeypatch.setattr(Digits, "score", failing)
    assert main(["score", "digits", answers(tmp_path), "--json"]) == 1
    shown = capsys.readouterr()
    counts = json.loads(shown.out)
    assert (counts["responses"], counts["strict"]["accuracy"]) == (4, 0.5)
    failure = f"{PROBLEMS[1].id}: the scorer of digits failed (RecursionError: too deep); not scored"
    assert counts["failures"] == [failure]
    assert shown.err == f"s1m: {failure}\n"


def test_thinking_in_delimiters_of_no_known_family_is_no_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "chat_template.jinja").write_text(
        KINDS["leaves it to the model"].template.replace("<think>", "<mull>").replace("</think>", "</mull>"),
        encoding="utf-8",
    )
    (tmp_path / "open").mkdir()
    doubts = f"<mull>Or is it {int(PROBLEMS[0].gold) + 1}?"
    path = responses(tmp_path, {"id": PROBLEMS[0].id, "response": f"{doubts} No.</mull> {PROBLEMS[0].gold}, that is."})
    open_ended = responses(tmp_path / "open", {"id": PROBLEMS[0].id, "response": f"{doubts} {PROBLEMS[0].gold}"})
    for flags in (["--model", str(tmp_path)], ["--thinking-close", "</mull>", "--thinking-open", "<mull>"]):
        assert main(["score", "digits", path, "--json", *flags]) == 0
        assert json.loads(capsys.readouterr().out)["strict"]["accuracy"] == 1
        assert main(["score", "digits", open_ended, "--json", *flags]) == 0
        assert json.loads(capsys.readouterr().out)["no_answer"] == 1
    assert main(["score", "digits", open_ended, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["no_answer"] == 0  # nothing says where its thinking is
    assert main(["score", "digits", path, "--model", "bundled"]) == 2
    assert "the chat template of bundled shows no thinking" in capsys.readouterr().err
    assert main(["score", "digits", path, "--thinking-open", "<mull>"]) == 2
