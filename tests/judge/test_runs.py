"""A judge over a run: asked once for what no rule could read, kept beside the records, seen in every number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.errors import UsageError
from s1m.evaluate.settings import eval_settings
from s1m.evaluate.store import load_run
from s1m.files.settings import changed
from tests.engines.chat_server import Answer, ChatServer, Request
from tests.judge.judge_server import GOLDS, copying, prompt_of, questions, refusing, thinker

pytestmark = pytest.mark.usefixtures("unrendered_figures")


@pytest.fixture
def model() -> Iterator[str]:
    with ChatServer(thinker) as server:
        yield server.url


def evaluate(folder: Path, model: str, *judge: str) -> int:
    data = folder / "questions.jsonl"
    command = ["eval", "custom", "--data", str(data if data.exists() else questions(folder)), "--num-ignore", "0,1"]
    return main([*command, "--engine", "http", "--base-url", model, "--out", str(folder / "run"), *judge])


def verdicts(folder: Path) -> dict[str, list[tuple[str | None, bool, str]]]:
    """Prediction, correct and rule of every answer, by problem."""
    return {
        record.id: [(verdict.prediction, verdict.correct, verdict.rule) for verdict in record.verdicts]
        for record in load_run(folder / "run").records
    }


def test_a_finished_run_is_judged_by_the_same_command_with_a_judge(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(tmp_path, model) == 0
    assert verdicts(tmp_path)["q1"] == [(None, False, "no-answer")] * 2
    assert "verdicts judged by" not in capsys.readouterr().out
    records = (tmp_path / "run" / "records.jsonl").read_bytes()
    with ChatServer(copying) as judge:
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 0
        assert len(judge.bodies()) == 2  # q1 and q2: levels that share a text cost one request
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url, "--judge-model", "copier") == 0
        assert len(judge.bodies()) == 2
        for body in judge.bodies():
            assert (body["model"], body["temperature"], body["max_tokens"]) == ("copier", 0.0, 128)
        prompts = [prompt_of(request) for request in judge.requests if request.method == "POST"]
    assert not any(gold in prompt for gold in GOLDS.values() for prompt in prompts)
    assert (tmp_path / "run" / "records.jsonl").read_bytes() == records
    assert verdicts(tmp_path) == {
        "q1": [("17", True, "judge: whole")] * 2,
        "q2": [("90", False, "judge: whole")] * 2,
        "q3": [("31", True, "whole")] * 2,
        "q4": [(None, False, "apology")] * 2,
    }


def test_a_judge_is_seen_in_every_number_that_it_touched(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(copying) as judge:
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 0
    note = "4 of 8 verdicts judged by copier (by level: 2, 2)"
    assert note in " ".join(capsys.readouterr().out.split())
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["judge"] == "copier"
    assert [level["judged"] for level in summary["levels"]] == [2, 2]
    assert [level["accuracy"] for level in summary["levels"]] == [0.5, 0.5]
    assert [part["judged"] for part in summary["parts"]] == [2]
    page = (tmp_path / "run" / "report.html").read_text()
    assert note in page
    assert "<th>judged</th>" in page
    assert "judge: whole" in page
    assert "in part judged by a model" in page


def test_a_failing_judge_leaves_verdicts_alone_and_is_asked_again(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(refusing("crowd")) as judge:
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 1
    error = capsys.readouterr().err
    assert "the judge failed on 1 answers" in error
    assert "I would rather not" in error
    saved = verdicts(tmp_path)
    assert saved["q1"] == [("17", True, "judge: whole")] * 2
    assert saved["q2"] == [(None, False, "no-answer")] * 2
    assert b"rather not" not in (tmp_path / "run" / "judgements.jsonl").read_bytes()
    with ChatServer(copying) as judge:
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 0
        assert len(judge.bodies()) == 1
    assert verdicts(tmp_path)["q2"] == [("90", False, "judge: whole")] * 2


def test_a_judge_that_cannot_be_asked_costs_one_line_and_no_run(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(request: Request) -> Answer:
        return Answer(status=401, body=b'{"error": "who are you?"}')

    with ChatServer(closed) as judge:
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url, "--judge-model", "m") == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if "judge cannot" in line]
    assert len(lines) == 1
    assert lines[0].startswith("the judge cannot be asked: ")
    assert "set S1M_JUDGE_API_KEY" in lines[0]
    assert (tmp_path / "run" / "report.html").exists()
    assert len(load_run(tmp_path / "run").records) == 4


def test_another_judge_is_refused(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(copying) as judge:
        flags = ("--judge-base-url", judge.url)
        assert evaluate(tmp_path, model, *flags) == 0
        before = verdicts(tmp_path)
        assert evaluate(tmp_path, model, *flags, "--judge-model", "other") == 2
        assert len(judge.bodies()) == 2
    assert "holds judgements of copier, and other would be a second judge" in capsys.readouterr().err
    assert verdicts(tmp_path) == before


def test_a_torn_judgement_is_asked_for_again(tmp_path: Path, model: str) -> None:
    with ChatServer(copying) as judge:
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 0
        lines = tmp_path / "run" / "judgements.jsonl"
        lines.write_bytes(lines.read_bytes()[:-9])
        assert sum(rule.startswith("judge") for (_, _, rule), _ in verdicts(tmp_path).values()) == 1
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 0
        assert len(judge.bodies()) == 3
    assert sum(rule.startswith("judge") for (_, _, rule), _ in verdicts(tmp_path).values()) == 2


def test_equal_questions_and_answers_cost_one_request_and_are_scored_each(tmp_path: Path, model: str) -> None:
    questions(tmp_path, q5="90")
    lines = tmp_path / "run" / "judgements.jsonl"
    with ChatServer(copying) as judge:
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 0
        assert len(judge.bodies()) == 2
        saved = [json.loads(line) for line in lines.read_text().splitlines()]
        shared = [line for line in saved if line["extraction"] == "seventeen"]
        assert [verdicts(tmp_path)[id_][0][1] for id_ in ("q1", "q5")] == [True, False]
        lines.write_text("".join(json.dumps(line) + "\n" for line in saved if line != shared[1]))
        assert evaluate(tmp_path, model, "--judge-base-url", judge.url) == 0
        assert len(judge.bodies()) == 2  # what was heard before counts for the other too
    assert len(shared) == 2
    assert len(lines.read_text().splitlines()) == 3


def test_a_judge_changes_no_record_so_it_is_no_content() -> None:
    plain = eval_settings({"benchmark": "digits"})
    assert changed(plain, judge_base_url="http://a", judge_model="m").digest() == plain.digest()
    with pytest.raises(UsageError, match="--judge-model needs --judge-base-url"):
        changed(plain, judge_model="m")


@pytest.mark.vllm
@pytest.mark.timeout(400)
def test_a_real_server_can_be_a_judge(
    tmp_path: Path, model: str, vllm_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bundled model reads no prose, so only that it was asked and that what it said or failed to say is kept."""
    code = evaluate(tmp_path, model, "--judge-base-url", vllm_url)
    run = load_run(tmp_path / "run")
    judged = sum(verdict.judged for record in run.records for verdict in record.verdicts)
    assert (code, judged) in [(0, 4), (1, 2), (1, 0)]
    assert (judged > 0) == bool(run.judge)
    said = capsys.readouterr().err
    assert "2 answers that no rule could read go to the judge" in said
    assert "HTTP" not in said, "the server refused what a judge is sent"
    assert ("the judge failed" in said) == (code == 1)
