"""`kill -9` and Ctrl-C at any moment, then the same command again: the records of an undisturbed run."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from s1m.evaluate.store import load_run
from s1m.types import Record

LIMIT = 40


def start(folder: Path) -> subprocess.Popen[str]:
    command = [
        "eval",
        "digits",
        "--limit",
        str(LIMIT),
        "--temperature",
        "1",
        "--top-p",
        "1",
        "--max-answer-tokens",
        "8",
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "s1m.cli", *command, "--concurrency", "8", "--out", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # A shell that runs the tests in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(folder: Path) -> None:
    process = start(folder)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors


def recorded(folder: Path) -> int:
    lines = folder / "records.jsonl"
    return lines.read_bytes().count(b"\n") if lines.exists() else 0


def stop_after(folder: Path, records: int, how: signal.Signals) -> tuple[int, str]:
    """Start, wait until ``records`` records have landed and a moment more, send a signal; exit code and errors."""
    process = start(folder)
    while recorded(folder) < records and process.poll() is None:
        time.sleep(0.01)
    time.sleep(random.Random(records).random() * 0.2)
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def content(folder: Path) -> dict[str, bytes]:
    """Every record by key, without its clock times and the probabilities, whose last bits depend on the batch."""

    def timeless(record: Record) -> bytes:
        encoded = msgspec.json.encode(replace(record, started=0.0, seconds=0.0))
        return re.sub(rb'"logprob":[^,}]+', b'"logprob":0', encoded)

    return {record.key: timeless(record) for record in load_run(folder).records}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(folder)
    assert recorded(folder) == LIMIT
    return content(folder)


def test_three_kills_and_a_resume_give_the_same_records(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    for landed in (0, 5, 17):
        assert stop_after(tmp_path, landed, signal.SIGKILL)[0] == -signal.SIGKILL
    assert recorded(tmp_path) < LIMIT
    finish(tmp_path)
    assert recorded(tmp_path) == LIMIT, "a problem was recorded twice or lost"
    assert content(tmp_path) == undisturbed


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    code, errors = stop_after(tmp_path, 4, signal.SIGINT)
    assert code == 130, errors
    assert f"of {LIMIT} problems recorded; re-run the command to resume" in errors
    assert "Traceback" not in errors
    finish(tmp_path)
    assert content(tmp_path) == undisturbed
