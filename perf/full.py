"""How full s1m keeps a server: `python perf/full.py http://127.0.0.1:8000/v1`.

`s1m eval digits --num-ignore 0-7` against vLLM, and a plain client that sends the very same requests (prompt ids, image
names, lengths) with nothing between them: no conversation to wait for, no scoring, no record. Both in turn, three
times, on problems that the server has not seen; the plain client's prefixes are salted, so that it finds no cache but
its own. Serve the bundled model first: `s1m serve src/s1m/assets/digits-qwen2vl --dtype float32`.
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
from timed_run import timed_run, unseen

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.remote.images import data_urls
from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.protocol import generate_request, image_part
from s1m.types import Completion, Problem, Sampling, Step

ROUNDS = 4
PROBLEMS = 256
CONCURRENCIES = (64, 256)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it was made, and how many tokens it brought, the one that ended it included."""

    problem: Problem
    body: dict[str, object]
    tokens: int


class Recorder:
    """The vllm engine, its requests written down."""

    name = "vllm"
    can_show_images_again = False
    context_tokens: int | None = None

    def __init__(self, engine: VllmEngine) -> None:
        self._engine = engine
        self.asked: list[Asked] = []

    async def ready(self) -> None:
        """Nothing to add."""
        await self._engine.ready()

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """What the engine answers, the request written down."""
        done = await self._engine.generate(problem, step, sampling)
        prompt = await self._engine._prompt.get(problem)
        tokens = done.tokens + (done.finish != "length")
        body = generate_request(
            model=await self._engine.served_model(),
            token_ids=(*prompt.token_ids, *(await self._engine._turn(step.prefix, prompt))),
            images=[image_part(digest, None) for digest in prompt.images],
            step=replace(step, stop=(), max_tokens=tokens, min_tokens=tokens),
            sampling=sampling,
            stop_token_ids=(),
        )
        body["sampling_params"]["ignore_eos"] = True
        self.asked.append(Asked(problem=problem, body=body, tokens=tokens))
        return done

    async def close(self) -> None:
        """Nothing to add."""
        await self._engine.close()


async def ours(api: str, problems: list[Problem], folder: Path) -> tuple[float, list[Asked]]:
    """Tokens per second of a whole run, records and scores included, and its requests."""
    engine = Recorder(VllmEngine(Servers(api)))
    seconds = await timed_run(engine, api, problems, folder)
    return sum(one.tokens for one in engine.asked) / seconds, engine.asked


async def plain(api: str, asked: list[Asked], concurrency: int) -> float:
    """Tokens per second of a client that only sends the requests, each problem's image with its first."""
    salt = uuid.uuid4().hex
    sent: set[str] = set()
    url = api.removesuffix("/v1") + "/inference/v1/generate"
    queue = iter(asked)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def work() -> int:
            tokens = 0
            for one in queue:
                body = {**one.body, "cache_salt": salt}
                if one.problem.id not in sent:
                    sent.add(one.problem.id)
                    parts = zip(body["content_parts"], data_urls(one.problem.images), strict=True)  # type: ignore[call-overload]
                    body["content_parts"] = [{**part, "url": image} for part, image in parts]
                data = msgspec.json.encode(body)
                async with session.post(url, data=data, headers={"Content-Type": "application/json"}) as reply:
                    (choice,) = msgspec.json.decode(await reply.read())["choices"]
                    assert len(choice["token_ids"]) == one.tokens
                    tokens += one.tokens
            return tokens

        began = time.monotonic()
        tokens = sum(await asyncio.gather(*(work() for _ in range(concurrency))))
        return tokens / (time.monotonic() - began)


async def main() -> None:
    """Both clients in turn, round after round."""
    api = sys.argv[1]
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    rows: list[tuple[object, ...]] = []
    shares: dict[int, list[float]] = {concurrency: [] for concurrency in CONCURRENCIES}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(ROUNDS):
            some = [unseen(problem) for problem in problems]
            speed, asked = await ours(api, some, Path(scratch) / str(number))
            plains = [await plain(api, asked, concurrency) for concurrency in CONCURRENCIES]
            for concurrency, other in zip(CONCURRENCIES, plains, strict=True):
                shares[concurrency].append(speed / other)
            rows.append((number + 1, f"{speed:.0f}", *(f"{other:.0f}" for other in plains)))
    keep(
        "full",
        "s1m against a plain saturating client, on one vLLM",
        ("round", "s1m, tokens/s", *(f"plain, {c} at once" for c in CONCURRENCIES)),
        rows,
        [
            f"{PROBLEMS} problems a round, levels 0-7, the demo's sampling; tokens count the one that ends a request.",
            *(
                f"s1m reaches {statistics.median(found):.3f} of the plain client at {concurrency} at once (median; "
                f"{min(found):.3f} to {max(found):.3f})."
                for concurrency, found in shares.items()
            ),
            "Client and server share two cores here, so what the client does takes from the server.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
