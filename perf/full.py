"""How well s1m saturates a server: `python perf/full.py http://127.0.0.1:8000/v1`.

`s1m eval digits --num-ignore 0-7` against vLLM, and a plain client that sends the very same requests (prompt ids, image
names, lengths) with nothing between them: no turn to wait for, no scoring, no record. Both in turn, four
rounds, on problems that the server has not seen; the plain client's prefixes are salted, so that it finds no cache
entries but its own. Serve the bundled model first: `s1m serve src/s1m/assets/digits-qwen2vl --dtype float32`.
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


async def ours(api: str, problems: list[Problem], folder: Path) -> tuple[float, list[SentRequest]]:
    """Tokens per second of a whole run, records and scores included, and its requests."""
    engine = Recorder(VllmEngine(Servers(api)))
    seconds = await timed_run(engine, api, problems, folder)
    return sum(request.tokens for request in engine.requests) / seconds, engine.requests


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
    """Both clients in turn, round after round."""
    api = sys.argv[1]
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    rows: list[tuple[object, ...]] = []
    ratios: dict[int, list[float]] = {concurrency: [] for concurrency in CONCURRENCIES}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(ROUNDS):
            some = [unseen(problem) for problem in problems]
            speed, requests = await ours(api, some, Path(scratch) / str(number))
            plains = [await plain(api, requests, concurrency) for concurrency in CONCURRENCIES]
            for concurrency, other in zip(CONCURRENCIES, plains, strict=True):
                ratios[concurrency].append(speed / other)
            rows.append((number + 1, f"{speed:.0f}", *(f"{other:.0f}" for other in plains)))
    keep(
        "full",
        "s1m against a plain saturating client, on one vLLM",
        ("round", "s1m, tokens/s", *(f"plain, {c} at once" for c in CONCURRENCIES)),
        rows,
        [
            f"{PROBLEMS} problems a round, levels 0-7, the demo's sampling; tokens include the one that ends a "
            "request.",
            *(
                f"s1m reaches {statistics.median(each):.3f} of the plain client at {concurrency} at once (median; "
                f"{min(each):.3f} to {max(each):.3f})."
                for concurrency, each in ratios.items()
            ),
            "Client and server run on the same two cores here, so the client's work slows the server down.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
