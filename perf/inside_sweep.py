"""Wall time of a sweep 0-7, clients on one vLLM in turn: `python perf/inside_sweep.py [PROBLEMS [ROUNDS [CHECKOUT]]]`.

A chain in one request (the plugin), a segment in one request (streams), a chunk in one request, and S1-M's own
algorithm, written anew from its description: 50 threads of plain chat requests, one a segment, the whole text and the
picture sent again each time, every level from scratch. CHECKOUT is a folder with the sources of an earlier s1m, whose
client runs as well. Starts vLLM itself (`make vllm` first). The pictures of each round have not been seen by the
server. A second table says what vLLM's worker did in that time, step by step. The server runs 128 requests at once,
which is vLLM's own default on a CPU.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from keep import keep
from own_server import OwnServer, own_server
from server_steps import Work, recorded_steps
from timed_run import timed_run, unseen

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.remote.images import data_urls
from s1m.engines.vllm import VllmEngine
from s1m.types import Problem

PROBLEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 256
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
CHECKOUT = Path(sys.argv[3]) if len(sys.argv) > 3 else None
LEVELS = range(8)
THREADS = 50
Client = Callable[[OwnServer, Sequence[Problem]], float]


def s1m_client(server: OwnServer, problems: Sequence[Problem], **how: bool) -> float:
    """Seconds of a whole run of ours, records and scores included."""
    with tempfile.TemporaryDirectory() as scratch:
        engine = VllmEngine(Servers(server.api), **how)
        return asyncio.run(timed_run(engine, server.api, problems, Path(scratch) / "run"))


def plain_client(server: OwnServer, problems: Sequence[Problem]) -> float:
    """Seconds of S1-M's algorithm: a thread a level of a problem, a request a segment."""
    model = str(json.loads(asked(server, "GET", "models", b""))["data"][0]["id"])
    tasks = [(problem, level) for level in LEVELS for problem in problems]
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda task: forced_chat(server, model, *task), tasks))
    assert len(answers) == len(tasks)
    return time.monotonic() - began


def forced_chat(server: OwnServer, model: str, problem: Problem, level: int) -> str:
    """The answer after ``level`` ignored stops, every request with the picture and everything written so far."""
    turn, left = "<think>\n", 1024
    for number in range(level + 1):
        turn += "Wait," if number else ""
        text, tokens = continued(server, model, problem, turn, stop="</think>", most=left)
        turn, left = turn + text, left - tokens
        if left <= 0:
            break
    return continued(server, model, problem, turn + "</think>\nFinal answer: ", stop="", most=16)[0]


def continued(server: OwnServer, model: str, problem: Problem, turn: str, *, stop: str, most: int) -> tuple[str, int]:
    """What the model writes next, and its tokens, in one plain chat request."""
    picture = [{"type": "image_url", "image_url": {"url": url}} for url in data_urls(problem.images)]
    body = {
        "model": model,
        "messages": [
            {"role": "user", "content": [*picture, {"type": "text", "text": problem.question}]},
            {"role": "assistant", "content": turn},
        ],
        "continue_final_message": True,
        "add_generation_prompt": False,
        "max_tokens": most,
        "min_tokens": 1,
        "temperature": 1.0,
        "skip_special_tokens": False,
        **({"stop": [stop]} if stop else {}),
    }
    reply = json.loads(asked(server, "POST", "chat/completions", json.dumps(body).encode()))
    return str(reply["choices"][0]["message"]["content"]), int(reply["usage"]["completion_tokens"])


def asked(server: OwnServer, method: str, path: str, body: bytes) -> bytes:
    """The body of an answer, on a connection of its own."""
    address = urlsplit(server.api)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=600)
    try:
        connection.request(method, f"{address.path}/{path}", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        said = reply.read()
        assert reply.status == 200, said[:300]
        return said
    finally:
        connection.close()


EARLIER = """
import asyncio, sys, tempfile
from pathlib import Path
from timed_run import timed_run, unseen
from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.vllm import VllmEngine
api, limit = sys.argv[1:]
problems = [unseen(problem) for problem in find_benchmark("digits").load(split="test", limit=int(limit), data=None)]
with tempfile.TemporaryDirectory() as scratch:
    print(asyncio.run(timed_run(VllmEngine(Servers(api)), api, problems, Path(scratch) / "run")))
"""


def earlier_client(checkout: Path, server: OwnServer, problems: Sequence[Problem]) -> float:
    """Seconds of a whole run of the s1m in ``checkout``; its imports do not count."""
    path = os.pathsep.join(str(checkout.resolve() / part) for part in ("src", "perf"))
    command = [sys.executable, "-c", EARLIER, server.api, str(len(problems))]
    ran = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True, text=True)
    return float(ran.stdout)


CHAINS, CHUNKS, S1M = "chain in a request (plugin)", "chunk in a request", "S1-M's algorithm, 50 threads"
EARLIER_S1M = "an earlier s1m"
EARLIER_NOTE = "The earlier s1m ran in a process of its own, whose processor time is not counted."
CLIENTS: dict[str, Client] = {
    CHAINS: s1m_client,
    "segment in a request (streams)": partial(s1m_client, forces=False),
    CHUNKS: partial(s1m_client, streams=False),
    **({EARLIER_S1M: partial(earlier_client, CHECKOUT)} if CHECKOUT else {}),
    S1M: plain_client,
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """One client's run: seconds of the clock, processor seconds of server and client, and the worker's steps."""

    seconds: float
    server: float
    client: float
    work: Work


def main() -> None:
    """All clients in turn, round after round."""
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    runs: dict[str, list[Run]] = {name: [] for name in CLIENTS}
    with recorded_steps() as steps, own_server("--max-num-seqs", "128") as server:
        s1m_client(server, [unseen(problem) for problem in problems[:32]])  # warms up
        for number in range(ROUNDS):
            for name, client in CLIENTS.items():
                if number and client is plain_client:
                    continue
                some = [unseen(problem) for problem in problems]
                before, own, began = server.processor_seconds(), time.process_time(), time.time()
                seconds = client(server, some)
                own = time.process_time() - own
                work = steps.between(began, time.time())
                used = server.processor_seconds() - before
                runs[name].append(Run(seconds=seconds, server=used, client=own, work=work))
    keep_seconds(runs, len(problems))
    keep_steps(runs, len(problems))


def keep_seconds(runs: dict[str, list[Run]], problems: int) -> None:
    """The table of wall times."""
    seconds = {name: [run.seconds for run in each] for name, each in runs.items()}
    today, slower = statistics.mean(seconds[CHUNKS]), seconds[S1M][0] / statistics.mean(seconds[CHAINS])
    keep(
        "inside_sweep",
        f"A sweep 0-7: wall time of {len(CLIENTS)} clients on one vLLM",
        ("client", "seconds", "of a chunk in a request", "server's processor seconds", "client's"),
        [
            (
                name,
                ", ".join(f"{each:.1f}" for each in seconds[name]),
                f"{statistics.mean(seconds[name]) / today:.2f}",
                ", ".join(f"{run.server:.1f}" for run in runs[name]),
                ", ".join(f"{run.client:.1f}" for run in runs[name]),
            )
            for name in CLIENTS
        ],
        [
            f"{problems} problems a round, the bundled toy model (33 tokens a segment), temperature 1; S1-M's "
            "algorithm in the first round only.",
            f"S1-M's algorithm takes {slower:.1f} times as long as a chain in a request.",
            *([EARLIER_NOTE] if CHECKOUT else []),
        ],
    )


def keep_steps(runs: dict[str, list[Run]], problems: int) -> None:
    """The table of what the worker did."""

    def mean(name: str, what: Callable[[Work], float]) -> float:
        return statistics.mean(what(run.work) for run in runs[name])

    keep(
        "inside_steps",
        "A sweep 0-7: what vLLM's worker did, means of the rounds",
        (
            *("client", "requests", "tokens through the model", "of prompts, not cached", "steps"),
            *("model, decoding: s", "model, with new requests: s", "sampling: s", "between the steps: s"),
        ),
        [
            (
                name,
                f"{mean(name, lambda work: work.requests):,.0f}",
                f"{mean(name, lambda work: work.tokens):,.0f}",
                f"{mean(name, lambda work: work.first):,.0f}",
                f"{mean(name, lambda work: work.steps):,.0f}",
                f"{mean(name, lambda work: work.decoding):.1f}",
                f"{mean(name, lambda work: work.beginning):.1f}",
                f"{mean(name, lambda work: work.sampling):.1f}",
                f"{mean(name, lambda work: work.between):.1f}",
            )
            for name in CLIENTS
        ],
        [
            f"{problems} problems a round; the runs of inside_sweep.md.",
            "Sampling has the plugin's own work in it; between the steps lie vLLM's scheduler, the passing of batches "
            "from process to process, and waiting.",
        ],
        script="inside_sweep",
    )


if __name__ == "__main__":
    main()
