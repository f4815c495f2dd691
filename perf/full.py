"""How well s1m saturates a server: `python perf/full.py [PROBLEMS [ROUNDS]]`.

`s1m eval digits --num-ignore 0-7` against vLLM, with a chain, a segment (streamed) or a chunk in a request, and a plain
client that sends the very same requests (prompt ids, image names, lengths) with nothing between them: no turn to wait
for, no scoring, no record. All in turn on problems that the server has not seen; the plain client's prefixes are
salted, so that it finds no cache entries but its own. Starts vLLM itself (`make vllm` first).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import msgspec
from keep import keep
from own_server import own_server
from timed_run import timed_run, unseen

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.remote.images import data_urls
from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.protocol import generate_request, image_part
from s1m.types import Completion, Problem, Sampling, Step

PROBLEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 256
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 4
WAYS = {
    "chain in a request (plugin)": {},
    "segment in a request (streams)": {"forces": False},
    "chunk in a request": {"streams": False},
}
CONCURRENCIES = (64, 256)


@dataclass(frozen=True, kw_only=True)
class SentRequest:
    """A request, and the number of tokens it returned, the one that ended it included."""

    problem: Problem
    body: dict[str, object]
    tokens: int


class Recorder:
    """The vllm engine; records its requests."""

    name = "vllm"
    can_show_images_again = False
    context_tokens: int | None = None

    def __init__(self, engine: VllmEngine) -> None:
        self._engine = engine
        self.requests: list[SentRequest] = []

    async def ready(self) -> None:
        """As the engine."""
        await self._engine.ready()

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """The engine's completion; records the request."""
        done = await self._engine.generate(problem, step, sampling)
        prompts, prompt = await self._engine._prompts.get(), await self._engine._prompt.get(problem)
        assert prompts is not None, "the server does not speak token ids"
        parts = (done, *done.further)
        tokens = sum(part.tokens for part in parts) + (parts[-1].finish != "length")
        # A chain's ignore strings are generated too, if not by the model.
        strings = step.at_once.ignore_strings[: len(done.further)] if step.at_once else ()
        tokens += sum([len(await self._engine._spelled.get(string)) for string in strings])
        body = generate_request(
            model=await self._engine.served_model(),
            token_ids=(*prompt.token_ids, *(await self._engine._turn(step.prefix, prompt, prompts))),
            images=[image_part(digest, None) for digest in prompt.images],
            step=replace(step, stop=(), max_tokens=tokens, min_tokens=tokens, at_once=None),
            sampling=sampling,
            stop_token_ids=(),
        )
        body["sampling_params"]["ignore_eos"] = True
        self.requests.append(SentRequest(problem=problem, body=body, tokens=tokens))
        return done

    async def close(self) -> None:
        """As the engine."""
        await self._engine.close()


async def ours(api: str, problems: list[Problem], folder: Path, **how: bool) -> tuple[float, float, list[SentRequest]]:
    """Tokens per second of a whole run, records and scores included, its processor seconds, and its requests."""
    engine = Recorder(VllmEngine(Servers(api), **how))
    used = time.process_time()
    seconds = await timed_run(engine, api, problems, folder)
    used = time.process_time() - used
    return sum(request.tokens for request in engine.requests) / seconds, used, engine.requests


async def plain(api: str, requests: list[SentRequest], concurrency: int) -> float:
    """Tokens per second of a client that only sends the requests, each problem's image with its first."""
    salt = uuid.uuid4().hex
    sent: set[str] = set()
    url = api.removesuffix("/v1") + "/inference/v1/generate"
    queue = iter(requests)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def work() -> int:
            tokens = 0
            for request in queue:
                body = {**request.body, "cache_salt": salt}
                if request.problem.id not in sent:
                    sent.add(request.problem.id)
                    parts = zip(body["content_parts"], data_urls(request.problem.images), strict=True)  # type: ignore[call-overload]
                    body["content_parts"] = [{**part, "url": image} for part, image in parts]
                data = msgspec.json.encode(body)
                async with session.post(url, data=data, headers={"Content-Type": "application/json"}) as reply:
                    (choice,) = msgspec.json.decode(await reply.read())["choices"]
                    assert len(choice["token_ids"]) == request.tokens
                    tokens += request.tokens
            return tokens

        began = time.monotonic()
        tokens = sum(await asyncio.gather(*(work() for _ in range(concurrency))))
        return tokens / (time.monotonic() - began)


async def main() -> None:
    """Every way and its plain clients in turn, round after round."""
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    speeds: dict[str, list[float]] = {name: [] for name in WAYS}
    used: dict[str, list[float]] = {name: [] for name in WAYS}
    ratios: dict[tuple[str, int], list[float]] = {(name, c): [] for name in WAYS for c in CONCURRENCIES}
    with own_server("--max-num-seqs", "256") as server, tempfile.TemporaryDirectory() as scratch:
        await ours(server.api, [unseen(problem) for problem in problems[:32]], Path(scratch) / "warm")
        for number in range(ROUNDS):
            for name, how in WAYS.items():
                some = [unseen(problem) for problem in problems]
                speed, processor, requests = await ours(server.api, some, Path(scratch) / f"{name}{number}", **how)
                speeds[name].append(speed)
                used[name].append(1000 * processor / sum(request.tokens for request in requests))
                for concurrency in CONCURRENCIES:
                    ratios[name, concurrency].append(speed / await plain(server.api, requests, concurrency))
    keep(
        "full",
        "s1m against a plain saturating client, on one vLLM",
        (
            *("", "tokens/s", *(f"of the plain client, {c} at once" for c in CONCURRENCIES)),
            "client's processor seconds a thousand tokens",
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
