"""Starting and ending, with real processes: ready when it is true, failures in one line, and no process is left."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from s1m.cli import main
from s1m.errors import EngineUnavailable
from s1m.files.settings import settings_from
from s1m.serve.diagnosis import why
from s1m.serve.launch import serve_model
from s1m.serve.process import ProcessFamily
from s1m.serve.settings import ServeSettings
from tests.guards import SECONDS
from tests.serve.programs import DEAF, WITH_CHILD, program, server
from tests.vllm_server import descendants, free_port, gone


@contextlib.contextmanager
def started(folder: Path, vllm: str, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """``s1m serve`` with a program for vllm; what it says on both outputs is in files of the folder."""
    words = [sys.executable, "-m", "s1m.cli", "serve", "org/model", "--vllm", vllm, *flags]
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(words, stdout=out, stderr=err, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def says(path: Path, text: str, within_seconds: float = 30) -> str:
    """What the file holds once it has ``text`` in it."""
    deadline = time.monotonic() + within_seconds
    while text not in (said := path.read_text()):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    return said


def serve_here(vllm: str, **values: object) -> int:
    """``s1m serve`` in this process, with a short grace."""
    given = {"model": "org/model", "vllm": vllm, "port": free_port(), **values}
    return serve_model(settings_from(ServeSettings, given), grace_seconds=0.5)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_says_when_it_is_ready_and_ends_on_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    port = free_port()
    flags = ("--port", str(port), "--", "--enforce-eager", "a b")
    with started(tmp_path, server(tmp_path, WITH_CHILD), *flags) as process:
        said = says(tmp_path / "out", "s1m eval")
        assert said.splitlines() == [
            f"ready: http://127.0.0.1:{port}/v1",
            f's1m ask "What is 17 * 23?" --engine vllm --base-url http://127.0.0.1:{port}/v1 --num-ignore 3',
            f"s1m eval digits --engine vllm --base-url http://127.0.0.1:{port}/v1 --num-ignore 0-7",
        ]
        family = descendants(process.pid)
        assert len(family) == 2
        process.send_signal(number)
        assert process.wait(20) == 0
    assert "loading org/model 1 --enforce-eager a b" in (tmp_path / "err").read_text()
    assert gone(family)


def test_a_deaf_server_with_a_deaf_child_is_killed_after_the_grace(tmp_path: Path) -> None:
    before = descendants(os.getpid())
    family: list[int] = []

    def stop() -> None:
        while len(family) < 2:  # the child is deaf from birth: what is ignored is inherited
            family[:] = [pid for pid in descendants(os.getpid()) if pid not in before]
        os.kill(os.getpid(), signal.SIGTERM)

    stopper = threading.Thread(target=stop, daemon=True)
    stopper.start()
    assert serve_here(program(tmp_path, DEAF + WITH_CHILD + "child.wait()")) == 130
    stopper.join()
    assert gone(family)


def test_asking_twice_kills_at_once(tmp_path: Path) -> None:
    with started(tmp_path, server(tmp_path, DEAF + WITH_CHILD), "--port", str(free_port())) as process:
        says(tmp_path / "out", "s1m eval")
        family = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        says(tmp_path / "err", "stopping the server")
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert gone(family)


def test_a_stop_before_it_is_ready_counts_as_interrupted(tmp_path: Path) -> None:
    slow = program(tmp_path, "import time; print('loading', flush=True); time.sleep(600)")
    with started(tmp_path, slow, "--port", str(free_port())) as process:
        says(tmp_path / "err", "loading")
        family = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    assert gone(family)
    assert (tmp_path / "out").read_text() == ""


def test_a_death_before_it_is_ready_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "ERROR 11-22 16:30:00 [core.py:700] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB."
    vllm = program(tmp_path, f"import sys; print({text!r}, file=sys.stderr); sys.exit(7)")
    assert main(["serve", "org/model", "--vllm", vllm, "--port", str(free_port())]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("s1m: vLLM ended with exit code 7: torch.OutOfMemoryError: CUDA out of memory.")
    assert "lower --gpu-memory-utilization or --max-model-len" in last


def test_a_death_leaves_no_child_behind(tmp_path: Path) -> None:
    vllm = program(tmp_path, f"import subprocess, sys{WITH_CHILD}sys.exit('ValueError: no')")
    with started(tmp_path, vllm, "--port", str(free_port())) as process:
        assert process.wait(60) == 1
    said = (tmp_path / "err").read_text()
    assert said.splitlines()[-1] == "s1m: vLLM ended with exit code 1: ValueError: no"
    assert gone([int(re.findall(r"child (\d+)", said)[0])])


def test_a_death_after_it_was_ready_is_a_failure_too(tmp_path: Path) -> None:
    with started(tmp_path, server(tmp_path), "--port", str(free_port())) as process:
        says(tmp_path / "out", "s1m eval")
        os.kill(descendants(process.pid)[0], signal.SIGKILL)
        assert process.wait(20) == 1
    said = (tmp_path / "err").read_text()
    assert "vLLM was killed by SIGKILL: loading" in said
    assert said.rstrip().endswith("the machine may have run out of memory")


def test_the_wait_is_bounded(tmp_path: Path) -> None:
    before = descendants(os.getpid())
    slow = program(tmp_path, "import time; time.sleep(600)")
    with pytest.raises(EngineUnavailable, match="the server is not ready after 1 s: allow more with --ready-seconds"):
        serve_here(slow, ready_seconds=1)
    assert gone([pid for pid in descendants(os.getpid()) if pid not in before], 0)


def test_a_node_that_is_not_the_head_waits_for_no_request(tmp_path: Path) -> None:
    vllm = program(tmp_path, "import sys, time; print(*sys.argv[1:], flush=True); time.sleep(600)")
    flags = ("--nodes", "2", "--node-rank", "1", "--head-address", "10.0.0.1", "--tensor-parallel-size", "2")
    with started(tmp_path, vllm, *flags) as process:
        said = says(tmp_path / "err", "node 1 of 2 works for 10.0.0.1")
        says(tmp_path / "err", "--headless")
        assert "--port" not in said
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert (tmp_path / "out").read_text() == ""


def test_a_port_in_use_is_noticed_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineUnavailable, match=f"cannot listen on port {port} .* choose another with --port"):
            serve_here(program(tmp_path, "raise SystemExit('never run')"), port=port)
    with pytest.raises(EngineUnavailable, match=r"cannot listen on port \d+ of 192\.0\.2\.1"):
        serve_here(program(tmp_path, ""), host="192.0.2.1")


def test_what_is_no_program_is_named(tmp_path: Path) -> None:
    (tmp_path / "vllm").write_text("no program")
    (tmp_path / "vllm").chmod(0o755)
    with pytest.raises(EngineUnavailable, match=r"cannot run .*vllm: Exec format error"):
        serve_here(str(tmp_path / "vllm"))
    with pytest.raises(EngineUnavailable, match="there is no /no/vllm: pip install vllm"):
        serve_here("/no/vllm")


TRICKLING = """
import socket, sys, time
listening = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])))
while True:
    connection, _ = listening.accept()
    try:
        while True:
            connection.sendall(b"H")
            time.sleep(0.05)
    except OSError:
        pass
"""


def test_the_ready_deadline_holds_for_a_server_that_trickles(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EngineUnavailable, match="not ready after 1 s"):
        serve_here(program(tmp_path, TRICKLING), ready_seconds=1)
    assert time.monotonic() - began < SECONDS  # it would trickle for ever


@pytest.mark.parametrize("unit", ["x", "Error: lost \\r", "x\\0"])
def test_output_without_line_breaks_stays_bounded(unit: str, tmp_path: Path) -> None:
    body = (
        f"import sys; sys.stdout.write('{unit}' * 3_000_000); sys.stdout.write('\\nValueError: no room'); sys.exit(3)"
    )
    sink = (tmp_path / "sink").open("wb")
    with sink:
        family = ProcessFamily([program(tmp_path, body)], dict(os.environ), sink)
        assert family.exit_code(60) == 3
        lines = family.last_lines()
        family.outlast(1)
    assert lines[-1] == "ValueError: no room"
    assert len(lines) <= 400
    assert max(len(line) for line in lines) <= 8192
    assert why(lines, 3) == "vLLM ended with exit code 3: ValueError: no room"
