"""A judge over recorded responses: killed and started again it asks for the rest, and its file is beside theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.judge import stream
from tests.engines.chat_server import Answer, ChatServer, Request
from tests.judge.judge_server import RESPONSES, copying, prompt_of, questions, refusing


def command(folder: Path, url: str, *flags: str) -> list[str]:
    """Scores six responses of which three go to the judge, two of them the same."""
    lines = [*RESPONSES.items(), ("q1", RESPONSES["q1"]), ("q3", "Perhaps a score of them")]
    path = folder / "said.jsonl"
    path.write_text("".join(json.dumps({"id": id_, "response": text}) + "\n" for id_, text in lines))
    data = str(questions(folder))
    return ["score", "custom", str(path), "--data", data, "--judge-base-url", url, *flags]


def test_verdicts_come_in_order_and_every_text_costs_one_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BATCH", 2)
    out = tmp_path / "verdicts.jsonl"
    with ChatServer(copying) as judge:
        assert main(command(tmp_path, judge.url, "--json", "--out", str(out))) == 0
        assert len(judge.bodies()) == 3
        assert main(command(tmp_path, judge.url)) == 0
        assert len(judge.bodies()) == 3
    counted, shown = capsys.readouterr().out.split("\n}\n")
    summary = json.loads(counted + "}")
    assert (summary["responses"], summary["no_answer"], summary["judged"], summary["judge"]) == (6, 2, 4, "copier")
    assert summary["breakdowns"]["answer_type"]["integer"]["judged"] == 4
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in lines] == ["q1", "q2", "q3", "q4", "q1", "q3"]
    assert [line.get("judged", False) for line in lines] == [True, True, False, False, True, True]
    assert [line["rule"] for line in lines][-2:] == ["judge: whole", "judge: none"]
    assert "4 of 6 verdicts judged by copier" in shown
    assert len((tmp_path / "said.judgements.jsonl").read_text().splitlines()) == 3


def test_a_killed_judge_goes_on_where_it_was(tmp_path: Path) -> None:
    stuck = threading.Event()

    def behave(request: Request) -> Answer:
        if request.method == "POST" and not stuck.is_set() and "crowd" in prompt_of(request):
            return Answer(fault="hang")
        return copying(request)

    kept = tmp_path / "said.judgements.jsonl"
    with ChatServer(behave) as judge:
        process = subprocess.Popen([sys.executable, "-m", "s1m.cli", *command(tmp_path, judge.url)])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (kept.exists() and kept.read_bytes().count(b"\n") == 2):
            time.sleep(0.01)
        process.kill()
        process.wait(10)
        assert len(judge.bodies()) == 3
        stuck.set()
        assert main(command(tmp_path, judge.url)) == 0
        assert len(judge.bodies()) == 4
    assert kept.read_bytes().count(b"\n") == 3


def test_a_judge_that_fails_changes_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(refusing("crowd")) as judge:
        assert main(command(tmp_path, judge.url, "--json")) == 1
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert (summary["judged"], summary["rules"]["no-answer"]) == (3, 1)
    assert said.err.count("\n") == 1
    assert "the judge failed on 1 answers" in said.err


def test_no_one_to_ask_and_no_one_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(lambda _: Answer(status=401)) as judge:
        assert main(command(tmp_path, judge.url, "--judge-model", "m")) == 1
    assert capsys.readouterr().err.startswith("s1m: the judge cannot be asked: ")
    assert main([*command(tmp_path, ""), "--judge-model", "m"]) == 2
    assert "--judge-model needs --judge-base-url" in capsys.readouterr().err


def test_the_judge_has_a_key_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S1M_API_KEY", "for-the-engine")
    with ChatServer(copying) as judge:
        assert main(command(tmp_path, judge.url)) == 0
        assert {request.headers["authorization"] for request in judge.requests} == {"Bearer for-the-engine"}
    (tmp_path / "said.judgements.jsonl").unlink()
    monkeypatch.setenv("S1M_JUDGE_API_KEY", "for-the-judge")
    with ChatServer(copying) as judge:
        assert main(command(tmp_path, judge.url)) == 0
        assert {request.headers["authorization"] for request in judge.requests} == {"Bearer for-the-judge"}
