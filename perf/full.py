"""How well s1m saturates a server: `python perf/full.py [PROBLEMS [ROUNDS [WAYS]]]`.

`s1m eval digits --num-ignore 0-7` against vLLM, with a chain, a segment (streamed) or a chunk in a request, and a plain
client that sends the very same requests (prompt ids, image names, seeds) with nothing between them: no turn to wait
for, no stream to read, no scoring, no record. All in turn on problems that the server has not seen; the plain client's
prefixes are salted, so that it finds no cache entries but its own. The steps of vLLM's worker are counted, too: they
say how full its batches were, also on a machine that has other work. WAYS: as many of the three as that. Starts vLLM
itself (`make vllm` first).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from keep import keep
from own_server import own_server
from server_steps import recorded_steps
from timed_run import timed_run, unseen

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.asking import Asking
from s1m.types import Problem

PROBLEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 256
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
WAYS: dict[str, dict[str, bool]] = {
    "chain in a request (plugin)": {},
    "segment in a request (streams)": {"forces": False},
    "chunk in a request": {"streams": False},
}
WAYS = dict(list(WAYS.items())[: int(sys.argv[3]) if len(sys.argv) > 3 else None])
CONCURRENCIES = (64, 256)
STREAMED = "stream_interval"
JSON = {"Content-Type": "application/json"}


@contextlib.contextmanager
def recorded_requests() -> Iterator[list[dict[str, Any]]]:
    """What the vllm engine sends in the block, in order."""
    made, sent = Asking.body, list[dict[str, Any]]()

    def body(asking: Asking, *given: Any) -> dict[str, Any]:
        sent.append(made(asking, *given))
        return sent[-1]

    Asking.body = body  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        Asking.body = made  # type: ignore[method-assign]


async def ours(
    api: str, problems: list[Problem], folder: Path, **how: bool
) -> tuple[float, float, list[dict[str, Any]]]:
    """Seconds of a whole run, records and scores included, its processor seconds, and its requests."""
    with recorded_requests() as requests:
        used = time.process_time()
        seconds = await timed_run(VllmEngine(Servers(api), **how), api, problems, folder)
        return seconds, time.process_time() - used, requests


async def plain(api: str, requests: list[dict[str, Any]], concurrency: int) -> tuple[float, int]:
    """Seconds of a client that only sends the requests, none of them streamed, and the tokens that come back."""
    salt = uuid.uuid4().hex
    url = api.removesuffix("/v1") + "/inference/v1/generate"
    queue = iter(requests)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def work() -> int:
            tokens = 0
            for request in queue:
                parameters = {name: value for name, value in request["sampling_params"].items() if name != STREAMED}
                body = {**request, "sampling_params": parameters, "stream": False, "cache_salt": salt}
                async with session.post(url, data=msgspec.json.encode(body), headers=JSON) as reply:
                    (choice,) = msgspec.json.decode(await reply.read())["choices"]
                    tokens += len(choice["token_ids"])
            return tokens

        began = time.monotonic()
        tokens = sum(await asyncio.gather(*(work() for _ in range(concurrency))))
        return time.monotonic() - began, tokens


async def main() -> None:
    """Every way and its plain clients in turn, round after round."""
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    speeds: dict[str, list[float]] = {name: [] for name in WAYS}
    used: dict[str, list[float]] = {name: [] for name in WAYS}
    ratios: dict[tuple[str, int], list[float]] = {(name, c): [] for name in WAYS for c in CONCURRENCIES}
    steps: dict[str, list[list[int]]] = {name: [] for name in WAYS}
    with (
        recorded_steps() as recorded,
        own_server("--max-num-seqs", "256") as server,
        tempfile.TemporaryDirectory() as scratch,
    ):
        await ours(server.api, [unseen(problem) for problem in problems[:32]], Path(scratch) / "warm")
        for number in range(ROUNDS):
            for name, how in WAYS.items():
                some = [unseen(problem) for problem in problems]
                began = [time.time()]
                seconds, processor, requests = await ours(server.api, some, Path(scratch) / f"{name}{number}", **how)
                for concurrency in CONCURRENCIES:
                    began.append(time.time())
                    others, tokens = await plain(server.api, requests, concurrency)
                    ratios[name, concurrency].append(others / seconds)
                began.append(time.time())
                steps[name].append([recorded.between(*span).steps for span in itertools.pairwise(began)])
                speeds[name].append(tokens / seconds)
                used[name].append(1000 * processor / tokens)
    keep(
        "full",
        "s1m against a plain saturating client, on one vLLM",
        (
            *("", "tokens/s", *(f"of the plain client, {c} at once" for c in CONCURRENCIES)),
            "client's processor seconds a thousand tokens",
            "steps of the worker, and for the plain client",
        ),
        [
            (
                name,
                ", ".join(f"{speed:.0f}" for speed in speeds[name]),
                *(
                    f"{statistics.median(each):.2f} ({min(each):.2f} to {max(each):.2f})"
                    for each in (ratios[name, concurrency] for concurrency in CONCURRENCIES)
                ),
                f"{statistics.median(used[name]):.3f}",
                "; ".join(f"{own} ({', '.join(map(str, others))})" for own, *others in steps[name]),
            )
            for name in WAYS
        ],
        [
            f"{PROBLEMS} problems a round, levels 0-7, the demo's sampling; tokens include the one that ends a "
            "request. Median of the rounds, and the least and the most.",
            "Client and server run on the same two cores here, so the client's work slows the server down.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
