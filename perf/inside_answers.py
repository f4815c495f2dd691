"""When to ask for the answers of a chain that vLLM forces inside: `python perf/inside_answers.py [PROBLEMS [ROUNDS]]`.

The requests of a sweep 0-7 are recorded and sent again by a plain client, a chain with its answers for every problem
at once, the answers in one of three ways: all after the chain; each while the chain goes on, once the tokens that it
rests on have arrived; one after another after the chain. (`n` asks for several texts after one prompt; the prompts of a
chain's answers differ.) Prefixes are salted, so that nothing is cached from before. Starts vLLM itself (`make vllm`
first).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from keep import keep
from own_server import OwnServer, own_server
from server_steps import Work, recorded_steps
from timed_run import unseen

from s1m.benchmarks import find_benchmark
from s1m.types import Problem

PROBLEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 64
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 3
sys.argv[1:] = []
from full import JSON, ours  # noqa: E402

Request = dict[str, Any]


@dataclass(eq=False)
class Asked:
    """The requests for one problem: its chain, and each answer with the chain's tokens that it rests on."""

    chain: Request = field(default_factory=dict)
    answers: list[tuple[int, Request]] = field(default_factory=list)


def by_problem(requests: list[Request]) -> list[Asked]:
    """What was asked for every problem that took one chain, further tries left out."""
    found: dict[str, Asked] = {}
    for request in requests:
        asked = found.setdefault(request["content_parts"][0]["uuid"], Asked())
        if "extra_args" in request["sampling_params"]:
            asked.chain = asked.chain or request
        elif len(asked.answers) < 8:
            asked.answers.append((len(request["token_ids"]) - len(asked.chain["token_ids"]), request))
    return [asked for asked in found.values() if len(asked.answers) == 8]


class Client:
    """Sends requests, all of one run with the same salt."""

    def __init__(self, server: OwnServer, session: aiohttp.ClientSession) -> None:
        self._url = server.api.removesuffix("/v1") + "/inference/v1/generate"
        self._session = session
        self._salt = uuid.uuid4().hex

    async def whole(self, request: Request) -> None:
        """A request whose reply comes as one."""
        body = {**request, "cache_salt": self._salt}
        async with self._session.post(self._url, data=msgspec.json.encode(body), headers=JSON) as reply:
            assert reply.status == 200, await reply.text()
            await reply.read()

    async def streamed(self, request: Request, arrived: Callable[[int], None]) -> None:
        """A request whose reply is streamed; ``arrived`` is given the number of tokens so far."""
        tokens = 0
        parameters = {**request["sampling_params"], "stream_interval": 16}
        body = {**request, "sampling_params": parameters, "cache_salt": self._salt}
        async with self._session.post(self._url, data=msgspec.json.encode(body), headers=JSON) as reply:
            async for line in reply.content:
                if line.startswith(b"data: {"):
                    for choice in msgspec.json.decode(line[6:])["choices"]:  # none in the one that counts
                        tokens += len(choice["token_ids"])
                    arrived(tokens)


async def after(client: Client, asked: Asked) -> None:
    """All answers at once after the chain."""
    await client.streamed(asked.chain, lambda _: None)
    await asyncio.gather(*(client.whole(answer) for _, answer in asked.answers))


async def meanwhile(client: Client, asked: Asked) -> None:
    """Each answer as soon as what it rests on has arrived."""
    waiting = sorted(asked.answers, key=lambda each: each[0])
    under_way: list[asyncio.Task[None]] = []

    def arrived(tokens: int) -> None:
        while waiting and waiting[0][0] <= tokens:
            under_way.append(asyncio.create_task(client.whole(waiting.pop(0)[1])))

    await client.streamed(asked.chain, arrived)
    arrived(1 << 30)
    await asyncio.gather(*under_way)


async def in_turn(client: Client, asked: Asked) -> None:
    """One answer after another, after the chain."""
    await client.streamed(asked.chain, lambda _: None)
    for _, answer in asked.answers:
        await client.whole(answer)


WAYS: dict[str, Callable[[Client, Asked], Awaitable[None]]] = {
    "all at once after the chain": after,
    "each while the chain goes on": meanwhile,
    "one after another after the chain": in_turn,
}


async def seconds(server: OwnServer, way: Callable[[Client, Asked], Awaitable[None]], problems: list[Asked]) -> float:
    """Of all problems together."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        client = Client(server, session)
        began = time.monotonic()
        await asyncio.gather(*(way(client, asked) for asked in problems))
        return time.monotonic() - began


async def main() -> None:
    """The three ways in turn, round after round."""
    problems: list[Problem] = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    works: dict[str, list[Work]] = {name: [] for name in WAYS}
    with recorded_steps() as steps, own_server("--max-num-seqs", "128") as server, tempfile.TemporaryDirectory() as at:
        _, _, requests = await ours(server.api, [unseen(problem) for problem in problems], Path(at) / "run")
        asked = by_problem(requests)
        for _ in range(ROUNDS):
            for name, way in WAYS.items():
                began = time.time()
                taken[name].append(await seconds(server, way, asked))
                works[name].append(steps.between(began, time.time()))
    first = taken[next(iter(WAYS))]
    keep(
        "inside_answers",
        "The answers of a chain: when they are asked for",
        ("", "seconds", "of the first way, median", "steps of the worker", "tokens through the model"),
        [
            (
                name,
                ", ".join(f"{each:.1f}" for each in taken[name]),
                f"{statistics.median(a / b for a, b in zip(taken[name], first, strict=True)):.2f}",
                f"{statistics.mean(work.steps for work in works[name]):,.0f}",
                f"{statistics.mean(work.tokens for work in works[name]):,.0f}",
            )
            for name in WAYS
        ],
        [f"{len(asked)} problems at once, levels 0-7, the demo's sampling; a server that runs 128 requests at once."],
    )


if __name__ == "__main__":
    asyncio.run(main())
