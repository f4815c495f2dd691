"""A real vLLM behind a proxy that fails one request in five, and that restarts twice.

    python perf/unbreakable.py [PROBLEMS]                    # a chain in a request, by the plugin
    python perf/unbreakable.py [PROBLEMS] streams            # without it: a segment in a request
    python perf/unbreakable.py PROBLEMS chains|streams FOLDER

Starts vLLM itself (`make vllm` first), through `s1m serve`. 500 problems, greedy, levels 0-7: a fault-free run, and a
run through the proxy during which vLLM is killed and restarted after a third and two thirds of the problems. Answers,
which are not streamed, and streams fail alike. With a FOLDER the fault-free run is made by the first call and kept
there, and the other one by the next.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from keep import keep
from proxy import Proxy

from s1m.evaluate.store import Run, load_run

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "src" / "s1m" / "assets" / "digits-qwen2vl"
PORT = 8377
API = f"http://127.0.0.1:{PORT}"
PROBLEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 500
STREAMS = sys.argv[2:3] == ["streams"]
FOLDER = Path(sys.argv[3]) if len(sys.argv) > 3 else None
TIMEOUT_SECONDS = 10
FAULTS = 0.2
VLLM = ["--enforce-eager", "--max-num-seqs", "32", "--block-size", "32", "--max-num-batched-tokens", "16384"]
INJECTED = "injected by the proxy"


def start() -> subprocess.Popen[bytes]:
    """A vLLM that is ready."""
    words = ["serve", str(MODEL), "--port", str(PORT), "--dtype", "float32", "--max-model-len", "4096"]
    words += [*(["--no-plugin"] if STREAMS else []), "--", *VLLM]
    process = subprocess.Popen(
        [sys.executable, "-m", "s1m.cli", *words],
        env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"ready"), "vLLM did not come up"
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End vLLM with all its processes."""
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)  # the second one ends it at once, in the middle of its requests
    process.wait()


def evaluate(api: str, out: Path) -> subprocess.Popen[bytes]:
    """A greedy run, as a user would start it."""
    words = ["eval", "digits", "--engine", "vllm", "--base-url", api, "--limit", str(PROBLEMS), "--out", str(out)]
    settings = ["--temperature", "0", "--timeout-seconds", str(TIMEOUT_SECONDS), "--max-thinking-tokens", "1024"]
    return subprocess.Popen([sys.executable, "-m", "s1m.cli", *words, *settings], stdout=subprocess.DEVNULL)


def texts(run: Run) -> dict[str, object]:
    """Thinking and answers of every problem."""
    return {
        record.id: ([s.text for s in record.trace.chains[0]], [a.text for a in record.trace.answers])
        for record in run.records
    }


def recorded(folder: Path) -> int:
    """Records written so far."""
    path = folder / "records.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def with_faults(server: subprocess.Popen[bytes], out: Path) -> tuple[subprocess.Popen[bytes], Proxy, int, float]:
    """A run through a failing proxy, vLLM restarted twice: the last server, the proxy, the exit code, the seconds."""
    began = time.monotonic()
    with Proxy(API, faults=FAULTS) as proxy:
        run = evaluate(proxy.url, out)
        for fraction in (1 / 3, 2 / 3):
            while run.poll() is None and recorded(out) < fraction * PROBLEMS:
                time.sleep(0.5)
            stop(server)
            server = start()
        code = run.wait()
    return server, proxy, code, time.monotonic() - began


def fault_free(folder: Path) -> float:
    """A run without faults, unless it is there already: its seconds."""
    noted = folder / "seconds.txt"
    if not noted.exists():
        server = start()
        began = time.monotonic()
        code = evaluate(API, folder / "run").wait()
        seconds = time.monotonic() - began
        stop(server)
        assert code == 0, "the fault-free run failed"
        noted.write_text(f"{seconds}")
    return float(noted.read_text())


def main() -> None:
    """The fault-free run, then the one with faults."""
    with tempfile.TemporaryDirectory() as scratch:
        clean, rough = (FOLDER or Path(scratch)) / "clean", Path(scratch) / "rough"
        is_first_call = FOLDER is not None and not (clean / "seconds.txt").exists()
        clean.mkdir(parents=True, exist_ok=True)
        clean_seconds = fault_free(clean)
        if is_first_call:
            print("run it again")
            return
        server, proxy, code, rough_seconds = with_faults(start(), rough)
        stop(server)
        undisturbed, disturbed = load_run(clean / "run"), load_run(rough)
        lines = recorded(rough)
        injected = (rough / "records.jsonl").read_text().count(INJECTED)
    records = len(disturbed.records)
    expected = texts(undisturbed)
    equal = sum(expected[name] == written for name, written in texts(disturbed).items())
    keep(
        "unbreakable_streams" if STREAMS else "unbreakable_chains",
        f"{PROBLEMS} problems against a real vLLM: {100 * FAULTS:.0f} % of requests fail, two restarts, "
        + ("a segment in a request" if STREAMS else "a chain in a request"),
        ("", "count"),
        [
            ("problems", PROBLEMS),
            ("recorded", records),
            ("lost", PROBLEMS - records),
            ("duplicates", lines - records),
            ("records with an injected text", injected),
            ("thinking and answers equal to the fault-free run", equal),
            ("exit code of the run", code),
        ],
        [
            f"{proxy.requests:,} requests, {sum(proxy.faults.values()):,} faults: "
            + ", ".join(f"{name} {count}" for name, count in sorted(proxy.faults.items()))
            + ".",
            f"{clean_seconds:.0f} s fault-free, {rough_seconds:.0f} s with faults, both restarts included; "
            f"timeout {TIMEOUT_SECONDS} s.",
            "Permanent errors (401, 404, a prompt too long) end the run or fail the problem by design, and are unit "
            "tests.",
        ],
        script="unbreakable",
    )


if __name__ == "__main__":
    main()
