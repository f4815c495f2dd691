"""A vLLM of a script's own, with the bundled model: started by `s1m serve`, its processor seconds counted."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "src" / "s1m" / "assets" / "digits-qwen2vl"
VLLM = ["--enforce-eager", "--max-num-seqs", "32", "--block-size", "32", "--max-num-batched-tokens", "16384"]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class OwnServer:
    """Where it listens, and the process that all others descend from."""

    api: str
    pid: int

    def processor_seconds(self) -> float:
        """What the server and its processes have used so far."""
        children: dict[int, list[int]] = {}
        used: dict[int, float] = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                pid, said = int(path.parent.name), path.read_text().rpartition(")")[2].split()
                children.setdefault(int(said[1]), []).append(pid)
                used[pid] = (int(said[11]) + int(said[12])) / TICKS
        family = [self.pid]
        for pid in family:
            family += children.get(pid, [])
        return sum(used.get(pid, 0.0) for pid in family)


@contextlib.contextmanager
def own_server(*flags: str, plugin: bool = True) -> Iterator[OwnServer]:
    """The server, for as long as the block lasts; ``flags`` are for vLLM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["serve", str(MODEL), "--port", str(port), "--dtype", "float32", "--max-model-len", "4096"]
    words += ["--gpu-memory-utilization", "0.2", *([] if plugin else ["--no-plugin"]), "--", *VLLM, *flags]
    process = subprocess.Popen(
        [sys.executable, "-m", "s1m.cli", *words],
        env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"ready"), "vLLM did not come up"
    try:
        yield OwnServer(api=f"http://127.0.0.1:{port}/v1", pid=process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
