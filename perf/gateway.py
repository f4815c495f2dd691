"""What the gateway costs: throughput against the driver alone, latency to the first text, memory, connections.

The gateway runs in a process of its own, as users start it; the client is this process. The driver alone runs here, in
turn with it, on the same problems with the same seeds. Memory and connections are measured in front of an engine that
writes words at once, so that the gateway's own work is all there is.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
from keep import keep

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.scripted import cut
from s1m.files.settings import settings_from
from s1m.forcing import Forcing, drive, follow
from s1m.forcing.events import ThinkingText
from s1m.forcing.strategies.sequential import Sequential
from s1m.forcing.strategy import Task
from s1m.gateway.operation.admission import Keys
from s1m.gateway.serve import running
from s1m.gateway.settings import GatewaySettings
from s1m.types import Completion, Problem, Sampling, Step

CONCURRENT = 64
LEVELS = (0, 1, 2, 3)
WARM = Sampling(temperature=1.0)
FORCING = Forcing(num_ignore=LEVELS, ignore_strings=("Wait,",), max_thinking_tokens=400, max_answer_tokens=8)
FLAGS = ("--temperature", "1", "--top-p", "1", "--max-thinking-tokens", "400", "--max-answer-tokens", "8")
EVERY_REQUESTS = 1000


class Words:
    """An engine that writes at once."""

    name = "words"
    can_show_images_again = False
    context_tokens: int | None = None

    async def ready(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to release."""

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:  # noqa: ARG002
        """Fifty words of thinking, or an answer, streamed in tens."""
        completion = cut("and so on " * 17 + "</think>" if step.stop else "forty-two", step)
        for start in range(0, len(completion.text), 30):
            await asyncio.sleep(0)
            if step.on_text is not None:
                step.on_text(completion.text[start : start + 30])
        return completion


def body_of(problem: Problem, seed: int, **fields: Any) -> dict[str, Any]:
    """A problem as a chat request."""
    url = f"data:image/png;base64,{base64.b64encode(problem.images[0]).decode('ascii')}"
    parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": problem.question}]
    messages = [{"role": "user", "content": parts}]
    own = {"num_ignore": list(LEVELS)}
    return {"model": "bundled", "messages": messages, "seed": seed, "s1m": own, **fields}


async def through(url: str, problems: list[Problem], *, stream: bool) -> tuple[int, float]:
    """Tokens and seconds of all problems through the gateway, ``CONCURRENT`` at a time."""
    slots, tokens = asyncio.Semaphore(CONCURRENT), 0
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(seed: int, problem: Problem) -> None:
            nonlocal tokens
            fields = {"stream": stream, "stream_options": {"include_usage": stream}}
            async with slots, session.post(f"{url}/chat/completions", json=body_of(problem, seed, **fields)) as reply:
                text = await reply.text()
                last = text.rstrip().splitlines()[-3].removeprefix("data: ") if stream else text
                tokens += json.loads(last)["usage"]["completion_tokens"]

        began = time.perf_counter()
        await asyncio.gather(*(ask(seed, problem) for seed, problem in enumerate(problems)))
        return tokens, time.perf_counter() - began


async def alone(engine: EmbeddedEngine, problems: list[Problem]) -> tuple[int, float]:
    """Tokens and seconds of all problems with the driver, ``CONCURRENT`` at a time."""
    slots, tokens = asyncio.Semaphore(CONCURRENT), 0

    async def ask(seed: int, problem: Problem) -> None:
        nonlocal tokens
        async with slots:
            trace = await drive(Sequential(forcing=FORCING).flow(Task(seed=seed)), problem, engine, WARM)
            tokens += trace.generated_tokens

    began = time.perf_counter()
    await asyncio.gather(*(ask(seed, problem) for seed, problem in enumerate(problems)))
    return tokens, time.perf_counter() - began


async def first_alone(engine: EmbeddedEngine, problem: Problem, seed: int) -> float:
    """Seconds until the driver has the first text."""
    began = time.perf_counter()
    events = follow(Sequential(forcing=FORCING).flow(Task(seed=seed)), problem, engine, WARM)
    async with contextlib.aclosing(events):
        async for event in events:
            if isinstance(event, ThinkingText):
                return time.perf_counter() - began
    raise AssertionError("no text")


async def first_through(session: aiohttp.ClientSession, url: str, problem: Problem, seed: int) -> float:
    """Seconds until a client of the gateway has the first text."""
    began = time.perf_counter()
    async with session.post(f"{url}/chat/completions", json=body_of(problem, seed, stream=True)) as reply:
        async for line in reply.content:
            if b'"reasoning"' in line:
                return time.perf_counter() - began
    raise AssertionError("no text")


@contextlib.contextmanager
def started(*command: str) -> Iterator[tuple[str, int]]:
    """A gateway in a process of its own: its address and process id."""
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("ready: ").strip()
        try:
            yield url, process.pid
        finally:
            process.terminate()


def throughput(problems: list[Problem], rounds: int) -> list[list[object]]:
    """Rows: what, tokens/s, and the ratio to the driver alone within the round."""
    engine = EmbeddedEngine(max_rows=CONCURRENT)
    rates: dict[str, list[float]] = {"the driver alone": [], "the gateway, whole": [], "the gateway, streamed": []}
    work: dict[str, list[float]] = {name: [] for name in rates}
    loop: dict[str, list[float]] = {name: [] for name in rates}
    firsts: dict[str, list[float]] = {"alone": [], "through": []}

    async def measure(url: str, pid: int) -> None:
        await alone(engine, problems[:CONCURRENT])
        await through(url, problems[:CONCURRENT], stream=False)
        gc.collect()
        gc.freeze()  # as the gateway does, so that neither looks through what has been loaded again and again
        for number in range(rounds):
            ways = [
                ("the driver alone", alone(engine, problems)),
                ("the gateway, whole", through(url, problems, stream=False)),
                ("the gateway, streamed", through(url, problems, stream=True)),
            ]
            counts = {}
            for name, way in ways[:: 1 if number % 2 == 0 else -1]:
                process = os.getpid() if name == "the driver alone" else pid
                before = cpu_seconds(process), loop_seconds(process)
                counts[name], seconds = await way
                rates[name].append(counts[name] / seconds)
                work[name].append(1e6 * (cpu_seconds(process) - before[0]) / counts[name])
                loop[name].append(1e6 * (loop_seconds(process) - before[1]) / counts[name])
            assert len(set(counts.values())) == 1, f"different tokens: {counts}"
        async with aiohttp.ClientSession() as session:
            unknown = Digits().load(split="test", limit=2040, data=None)[2000:]  # to every memory
            for seed, problem in enumerate(unknown):
                firsts["alone"].append(await first_alone(engine, problem, seed))
                firsts["through"].append(await first_through(session, url, problem, seed))

    with started("-m", "s1m.cli", "gateway", "--port", "0", *FLAGS) as (url, pid):
        asyncio.run(measure(url, pid))
    asyncio.run(engine.close())
    base = rates["the driver alone"]
    rows: list[list[object]] = []
    for name, values in rates.items():
        ratio = statistics.median(rate / other for rate, other in zip(values, base, strict=True))
        rows.append([f"{name}, tokens/s at {CONCURRENT}", f"{statistics.median(values):.0f}", f"{ratio:.1%}"])
    base = work["the driver alone"]
    for name, values in work.items():
        ratio = statistics.median(other / each for each, other in zip(values, base, strict=True))
        rows.append([f"{name}, processor time a token", f"{statistics.median(values):.0f} µs", f"{ratio:.1%}"])
    for name, values in loop.items():
        rows.append([f"{name}, of it that of the event loop", f"{statistics.median(values):.0f} µs", ""])
    alone_ms, through_ms = (statistics.median(firsts[name]) * 1000 for name in ("alone", "through"))
    rows.append(["first text, the driver alone", f"{alone_ms:.1f} ms", ""])
    rows.append(["first text, the gateway", f"{through_ms:.1f} ms", f"{through_ms - alone_ms:+.1f} ms"])
    return rows


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def loop_seconds(pid: int) -> float:
    """Processor time of a process's first thread, in which its event loop runs; the model has another one."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def resident_mb(pid: int) -> float:
    """Memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def memory(problem: Problem, requests: int) -> list[list[object]]:
    """Rows: memory after a first thousand requests, and after all of them."""
    seen: list[float] = []

    async def measure(url: str, pid: int) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENT)) as session:

            async def ask(seed: int) -> None:
                fields = {"stream": seed % 2 == 0}
                async with session.post(f"{url}/chat/completions", json=body_of(problem, seed, **fields)) as reply:
                    await reply.read()

            for start in range(0, requests, EVERY_REQUESTS):
                await asyncio.gather(*(ask(seed) for seed in range(start, start + EVERY_REQUESTS)))
                seen.append(resident_mb(pid))

    with started(__file__, "--words") as (url, pid):
        asyncio.run(measure(url, pid))
    return [
        [f"memory after {EVERY_REQUESTS:,} requests", f"{seen[0]:.1f} MB", ""],
        [f"memory after {requests:,} requests", f"{seen[-1]:.1f} MB", f"{seen[-1] - seen[0]:+.1f} MB"],
    ]


def connections(problem: Problem, count: int) -> list[list[object]]:
    """Rows: how requests ended that came over ``count`` connections at the same moment."""
    ends: Counter[str] = Counter()

    async def measure(url: str) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def ask(seed: int) -> None:
                fields = {"stream": seed % 2 == 0}
                async with session.post(f"{url}/chat/completions", json=body_of(problem, seed, **fields)) as reply:
                    text = await reply.text()
                if reply.status != 200:
                    ends[f"{reply.status} in the form of an error" if json.loads(text)["error"] else "bad"] += 1
                elif seed % 2 == 0:
                    ends["a whole stream" if text.endswith("data: [DONE]\n\n") else "bad"] += 1
                else:
                    ends["a whole reply" if json.loads(text)["choices"] else "bad"] += 1

            outcomes = await asyncio.gather(*(ask(seed) for seed in range(count)), return_exceptions=True)
            ends["a broken connection"] += sum(isinstance(outcome, BaseException) for outcome in outcomes)

    with started(__file__, "--words", "--busy") as (url, _):
        asyncio.run(measure(url))
    return [[f"{count:,} connections at once: {end}", str(ends[end]), ""] for end in sorted(ends) if ends[end]] + [
        [f"{count:,} connections at once: no well-formed end", str(ends["bad"] + ends["a broken connection"]), ""]
    ]


async def serve_words(*, busy: bool) -> None:
    """Serve the engine of words until a signal; ``busy``: with as few places as by default, else with enough."""
    given = {"port": 0, "model": "bundled", **({} if busy else {"max_requests": 4096})}
    async with running(settings_from(GatewaySettings, given, "perf"), Words(), Keys({})) as (url, _):
        print(f"ready: {url}/v1", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Measure, or be one of the servers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--problems", type=int, default=256)
    parser.add_argument("--requests", type=int, default=10_000)
    given = parser.parse_args()
    if given.words:
        asyncio.run(serve_words(busy=given.busy))
        return
    problems = list(Digits().load(split="test", limit=given.problems, data=None))
    rows = throughput(problems, given.rounds)
    rows += memory(problems[0], given.requests)
    rows += connections(problems[0], 1000)
    keep(
        "gateway",
        "The gateway against the driver alone",
        ("what", "value", "against the driver alone, or the first"),
        rows,
        (
            f"{given.rounds} rounds of {given.problems} problems of the bundled model, a toy model, levels 0-3, "
            f"{CONCURRENT} at a time; in every round the three run in turn, and the ratio is taken within it. Every "
            "round generates the same tokens in all three.",
            "Processor time: of the process that generates, which other programs change less; the last column "
            "is that of the driver alone divided by it. The event loop's is what the driver and the gateway take; the "
            "rest is the model's.",
            "The first text: the medians of 40 problems, one after another, their images new to both.",
            "Memory and connections: an engine that writes at once, half of the requests streamed, an image in each.",
        ),
    )


if __name__ == "__main__":
    main()
