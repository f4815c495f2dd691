"""``s1m eval --live``: what the page gets while a run goes on, and who may ask."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from s1m.analysis.live.page import live_page
from s1m.analysis.live.server import LiveServer
from s1m.analysis.live.state import SHOWN_FAILURES, LiveState
from s1m.cli import main
from s1m.errors import EngineError, UsageError
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.evaluate.store import load_run
from s1m.files.settings import changed
from s1m.synthetic.digits.problems import make_problem
from tests.analysis.live.records import record

pytestmark = pytest.mark.usefixtures("unrendered_figures")


def get(url: str, path: str = "/state", host: str = "") -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", path, headers={"Host": host} if host else {})
    reply = connection.getresponse()
    body = reply.read().decode()
    connection.close()
    return reply.status, {name.lower(): value for name, value in reply.getheaders()}, body


def settings(folder: Path) -> EvalSettings:
    given = {"benchmark": "digits", "split": "test", "limit": 4, "num_ignore": "0-1", "out": str(folder)}
    return eval_settings(given)


def test_a_run_is_watched_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    seen: list[dict[str, Any]] = []

    def watch() -> None:
        while not (seen and seen[-1]["ended"]):
            time.sleep(0.1)
            match = re.search(r"live: (http://127\.0\.0\.1:\d+)", capsys.readouterr().err)
            if match:
                url.append(match[1])
            if url:
                try:
                    seen.append(json.loads(get(url[0])[2]))
                except OSError:
                    return

    url: list[str] = []
    watcher = threading.Thread(target=watch)
    watcher.start()
    words = ["--limit", "4", "--num-ignore", "0-1", "--max-thinking-tokens", "200", "--max-answer-tokens", "16"]
    assert main(["eval", "digits", *words, "--out", str(out), "--live", "0"]) == 0
    watcher.join(20)
    last = seen[-1]
    records = load_run(out).records
    assert (last["recorded"], last["total"], last["failed"], last["ended"]) == (4, 4, 0, "done")
    assert [level["level"] for level in last["levels"]] == [0, 1]
    right = sum(record.verdicts[-1].correct for record in records)
    assert last["levels"][-1]["accuracy"] == right / 4
    assert last["levels"][-1]["low"] <= right / 4 <= last["levels"][-1]["high"]
    assert last["tokens"] == sum(record.trace.generated_tokens for record in records)
    assert last["seconds_left"] == 0

    state = LiveState()  # resumed, it begins with what is recorded
    state.begin(settings(out), total=4, at_once=64)
    assert state.as_json()["levels"] == last["levels"]
    assert state.as_json()["seconds_left"] is None


def test_the_last_failures_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    state = LiveState()
    state.begin(settings(tmp_path), total=200, at_once=64)
    state.started()
    for number in range(50):
        state.failed(make_problem("test", number), EngineError("the server is gone " * 100))
    shown = state.as_json()
    assert (shown["failed"], len(shown["failures"])) == (50, SHOWN_FAILURES)
    assert shown["failures"][0]["id"] == "digits-test-00049"
    assert len(json.dumps(shown)) < 20_000
    assert shown["levels"] == []


def test_samples_of_one_problem_do_not_narrow_the_interval(tmp_path: Path) -> None:
    def standing(samples: int) -> dict[str, Any]:
        state = LiveState()
        state.begin(changed(settings(tmp_path), samples=samples), total=10 * samples, at_once=4)
        for number in range(10 * samples):
            state.landed(record(number))
        return state.as_json()

    once, often = standing(1), standing(8)
    assert (often["total"], often["recorded"], often["samples"]) == (80, 80, 8)
    assert [level["low"] for level in once["levels"]] == [level["low"] for level in often["levels"]]


def test_a_state_before_the_run_is_planned_has_its_shape(tmp_path: Path) -> None:
    assert LiveState().as_json()["total"] == 0


def test_the_page_runs_its_own_script_alone_and_asks_no_one_else() -> None:
    with LiveServer(LiveState(), 0) as server:
        status, headers, page = get(server.url, "/")
    assert status == 200
    assert page == live_page()
    assert "default-src 'none'; connect-src 'self'" in headers["content-security-policy"]
    assert "script-src 'sha256-" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert "innerHTML" not in page


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/state", "evil.example", 403),
        ("/", "evil.example:80", 403),
        ("/etc/passwd", "", 404),
        ("/state", "localhost:1", 200),
    ],
)
def test_who_may_ask_for_what(path: str, host: str, status: int) -> None:
    with LiveServer(LiveState(), 0) as server:
        assert get(server.url, path, host)[0] == status


def test_garbage_and_a_client_that_hangs_up_end_nothing() -> None:
    with LiveServer(LiveState(), 0) as server:
        port = int(server.url.rpartition(":")[2])
        for sent in (b"\x00\xff\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n", b"GET"):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(sent)
        assert get(server.url)[0] == 200


def test_a_port_in_use_is_refused_before_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LiveServer(LiveState(), 0) as server:
        port = server.url.rpartition(":")[2]
        with pytest.raises(UsageError, match=f"cannot listen on port {port}: Address already in use"):
            LiveServer(LiveState(), int(port))
        assert main(["eval", "digits", "--out", str(tmp_path / "run"), "--live", port]) == 2
    assert "choose another with --live" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert main(["eval", "digits", "--out", str(tmp_path / "run"), "--live", "70000"]) == 2
    assert "cannot listen on port 70000" in capsys.readouterr().err
