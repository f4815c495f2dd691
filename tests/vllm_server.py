"""Real servers for the tests marked ``vllm``: the bundled checkpoint behind ``s1m serve`` and vLLM's CPU build.

with serving("--served-model-name", "digits", "--", "--max-num-seqs", "8") as url:
    ...
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from s1m.families import DEFAULT

VLLM = Path(__file__).parent.parent / ".venv-vllm" / "bin" / "vllm"
MODEL = str(files("s1m").joinpath("assets/digits-qwen2vl"))
FLAGS = ("--dtype", "float32", "--max-model-len", "4096", "--gpu-memory-utilization", "0.2", "--ready-seconds", "240")
"""The share of memory is that of the machine's, and an upper bound only."""
VLLM_FLAGS = ("--enforce-eager", "--max-num-seqs", "32", "--block-size", "32", "--max-num-batched-tokens", "16384")
REASONING = json.dumps({"reasoning_start_str": DEFAULT.opening, "reasoning_end_str": DEFAULT.closing})
"""What vLLM has to know to keep a thinking budget."""
ENVIRONMENT = {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"}


@contextlib.contextmanager
def serving(*flags: str, model: str = MODEL) -> Iterator[str]:
    """The base URL of a server, such as http://127.0.0.1:8000/v1, that ends with the block.

    ``model`` is a checkpoint's folder. ``flags`` are for ``s1m serve``, and after a ``--`` for vLLM; they win over the
    ones here. Skips the test without vLLM, and fails it when the server does not come up or does not end cleanly.
    """
    need_vllm()
    port = free_port()
    process = subprocess.Popen(
        serve_words(port, flags, model), stdout=subprocess.PIPE, text=True, env={**os.environ, **ENVIRONMENT}
    )
    try:
        assert process.stdout is not None
        with process.stdout as said:  # the server's own output goes on to pytest's standard error
            assert said.readline() == f"ready: http://127.0.0.1:{port}/v1\n", "the server did not come up"
            yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    assert code == 0


def need_vllm() -> None:
    """Skips the test where no vLLM has been set up."""
    if not VLLM.exists():
        pytest.skip("there is no .venv-vllm here; make vllm sets it up")


def serve_words(port: int, flags: Sequence[str], model: str = MODEL) -> list[str]:
    """The command that serves a checkpoint with these flags."""
    end = flags.index("--") if "--" in flags else len(flags)
    ours = ["--vllm", str(VLLM), "--port", str(port), *FLAGS, *flags[:end]]
    return [sys.executable, "-m", "s1m.cli", "serve", model, *ours, "--", *VLLM_FLAGS, *flags[end + 1 :]]


def free_port() -> int:
    """A port that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> list[int]:
    """Every living process below one, nearest first."""
    below, look = [], [pid]
    while look:
        parent = look.pop(0)
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                child = path.read_text().rpartition(")")[2].split()
                if int(child[1]) == parent and child[0] != "Z":
                    look.append(int(path.parent.name))
                    below.append(int(path.parent.name))
    return below


def gone(pids: Sequence[int], within_seconds: float = 5) -> bool:
    """Whether none of the processes is alive; one that has ended and was not collected is not."""
    deadline = time.monotonic() + within_seconds
    while any(map(_alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server answered."""

    status: int
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


def ask(url: str, body: object = None) -> Reply:
    """The answer to a GET, or to a POST of ``body`` as JSON. No proxy of the environment is asked."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=60) as reply:
            return Reply(status=reply.status, text=reply.read().decode())
    except HTTPError as refusal:
        with refusal:
            return Reply(status=refusal.code, text=refusal.read().decode())


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
