"""``s1m data distill`` end to end: only verified traces, a funnel that adds up, killed and gone on with, described."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from s1m.benchmarks import find_benchmark
from s1m.cli import main
from s1m.datasets.source import Source
from s1m.evaluate.store import load_run
from s1m.types import Problem
from tests.datasets.sets import examples_of, picture
from tests.engines.chat_server import Answer, ChatServer, Request, chat_model, completion, models

FLAGS = ("--samples", "3", "--num-ignore", "0-1", "--temperature", "1", "--top-p", "1", "--max-answer-tokens", "8")
LIMIT = 24


def command(out: Path, *more: str) -> list[str]:
    return ["data", "distill", "digits", *FLAGS, "--limit", str(LIMIT), "--out", str(out), *more]


def rows_of(out: Path) -> list[dict[str, Any]]:
    examples = examples_of(Source(path=str(out / "data")))
    return [{"response": example.turns[-1].text, "image": example.images[0], **example.facts} for example in examples]


def check_funnel(out: Path, chains: int) -> None:
    """Every chain is a row or left out with a reason, once."""
    funnel = json.loads((out / "funnel.json").read_text())
    rejects = [json.loads(line) for line in (out / "rejects.jsonl").read_text().splitlines()]
    assert funnel["rows"] == chains
    shown = chains
    for stage in funnel["stages"]:
        assert stage["shown"] == shown
        assert sum(stage["reasons"].values()) == sum(line["filter"] == stage["name"] for line in rejects)
        shown -= sum(stage["reasons"].values())
    assert shown == len(rows_of(out))


def check_verified(out: Path) -> None:
    """Every row answers its problem right, with its own picture."""
    page = find_benchmark("digits")
    problems = {problem.id: problem for problem in page.load(split="train", limit=LIMIT, data=None)}
    for row in rows_of(out):
        problem: Problem = problems[row["problem"]]
        assert page.score(problem, row["response"].rpartition("</think>")[2]).correct
        assert row["image"] == problem.images[0]
        assert row["answer"] == problem.gold


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("undisturbed") / "run"
    assert main(command(out)) == 0
    return out


def test_only_verified_traces_are_kept_and_the_funnel_adds_up(undisturbed: Path) -> None:
    check_verified(undisturbed)
    check_funnel(undisturbed, 3 * LIMIT)
    assert 0 < len(rows_of(undisturbed)) < 3 * LIMIT
    assert all(row["teacher"] == "bundled" for row in rows_of(undisturbed))
    assert load_run(undisturbed).settings["split"] == "train"


def test_killed_twice_it_ends_with_the_same_rows(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    for landed in (2, 9):
        process = subprocess.Popen(
            [sys.executable, "-m", "s1m.cli", *command(out, "--concurrency", "4")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        records = out / "records.jsonl"
        while process.poll() is None and (not records.exists() or records.read_bytes().count(b"\n") < landed):
            time.sleep(0.01)
        time.sleep(random.Random(landed).random() * 0.2)
        process.kill()
        process.wait()
    assert main(command(out)) == 0
    wanted = sorted(row["id"] for row in rows_of(undisturbed))
    assert sorted(row["id"] for row in rows_of(out)) == wanted


def test_composing_later_sends_no_request(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (undisturbed / "records.jsonl").read_bytes()
    assert main(command(undisturbed, "--compose", "2")) == 0
    assert (undisturbed / "records.jsonl").read_bytes() == before
    composed = [row for row in rows_of(undisturbed) if row["composed_of"]]
    assert composed
    assert "composed" in capsys.readouterr().err
    check_verified(undisturbed)
    assert main(command(undisturbed)) == 0


def test_other_settings_are_refused(undisturbed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command(undisturbed), "--seed", "5"]) == 2
    assert "holds a run with other settings: seed" in capsys.readouterr().err


def test_impossible_numbers_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for flag, value in (("--samples", "0"), ("--compose", "-1")):
        with pytest.raises(SystemExit, match="2"):
            main(["data", "distill", "digits", flag, value, "--out", str(tmp_path / "run")])
        err = capsys.readouterr().err
        assert f"argument {flag}: expected a whole number from" in err
        assert err.count("\n") == 1


def test_a_benchmark_without_a_training_split_wants_one_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "distill", "mathvista"]) == 2
    assert "has no split train" in capsys.readouterr().err


def custom(folder: Path) -> Path:
    (folder / "a.png").write_bytes(picture())
    rows = [
        {"id": f"q{number}", "question": f"How many in {number}?", "answer": str(number), "images": ["a.png"]}
        for number in (17, 23)
    ]
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps({**row, "answer_type": "integer"}) + "\n" for row in rows))
    return path


def describer(request: Request) -> Answer:
    """Sees the picture, and is asked to describe it."""
    if request.method == "GET":
        return models("seer")
    content = request.body["messages"][0]["content"]
    assert any(part["type"] == "image_url" for part in content)
    return completion("There are 17 dots in a row.", tokens=8)


def test_a_blind_teacher_gets_a_description_and_never_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def blind(request: Request) -> Answer:
        if request.method == "GET":
            return models("blind")
        return chat_model(lambda turn: "17" if "Final answer:" in turn else "I count dots.</think>")(request)

    with ChatServer(blind) as teacher, ChatServer(describer) as seer:
        flags = ["--engine", "http", "--base-url", teacher.url, "--describer-engine", "http"]
        flags += ["--describer-base-url", seer.url, "--samples", "2", "--num-ignore", "0"]
        given = ["data", "distill", "custom", "--data", str(custom(tmp_path)), "--split", "all", *flags]
        assert main([*given, "--out", str(tmp_path / "run")]) == 0
        described = len(seer.bodies())
        assert main([*given, "--out", str(tmp_path / "run")]) == 0  # nothing is asked twice
        assert len(seer.bodies()) == described
        asked = json.dumps(teacher.bodies())
        assert "image_url" not in asked
        assert "There are 17 dots in a row." in asked
        assert '"answer"' not in asked
        assert "23" not in asked.replace("How many in 23?", "")
    assert "2 descriptions of images, 16 tokens" in capsys.readouterr().err
    (row,) = rows_of(tmp_path / "run")
    assert row["described_by"] == "seer"
    assert row["image"] == picture()
    assert "dots in a row" not in row["response"]
    check_funnel(tmp_path / "run", 4)


@pytest.mark.vllm
@pytest.mark.timeout(400)
def test_a_real_server_as_teacher_killed_and_gone_on_with(vllm_url: str, tmp_path: Path) -> None:
    out = tmp_path / "run"
    given = command(out, "--engine", "vllm", "--base-url", vllm_url, "--max-thinking-tokens", "1024")
    process = subprocess.Popen(
        [sys.executable, "-m", "s1m.cli", *given, "--concurrency", "4"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not (out / "records.jsonl").exists():
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert main(given) == 0
    check_verified(out)
    check_funnel(out, 3 * LIMIT)
