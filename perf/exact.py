"""Exactness on a real vLLM with images: `python perf/exact.py http://127.0.0.1:8000/v1`.

Greedy chains to level 7, in chunks of 8 tokens with images sent once, against the same chains generated in one request
per segment, with the image sent each time and nothing cached; nested against independent; and the embedded
engine against vLLM. Serve the bundled model first: `s1m serve src/s1m/assets/digits-qwen2vl --dtype float32`.
"""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Sequence

import aiohttp
from keep import keep

from s1m.benchmarks import find_benchmark
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.remote import Servers
from s1m.engines.remote.images import data_urls
from s1m.engines.vllm import VllmEngine
from s1m.forcing import Forcing, drive, independent_sweep, nested_sweep
from s1m.types import Engine, Problem, Sampling, Trace

GREEDY = Sampling(temperature=0.0)
CHAINS, ANSWERS = 64, 256
LEVELS = tuple(range(8))


def forcing(chunk_tokens: int) -> Forcing:
    """The demo's forcing, with thinking requested in chunks of ``chunk_tokens``."""
    return Forcing(
        num_ignore=LEVELS,
        ignore_strings=("Wait,",),
        max_thinking_tokens=1024,
        max_answer_tokens=16,
        chunk_tokens=chunk_tokens,
    )


async def sweep(engine: Engine, problems: Sequence[Problem], flow: object, chunk_tokens: int) -> list[Trace]:
    """The traces of all problems, run concurrently."""
    return await asyncio.gather(
        *(drive(flow(forcing(chunk_tokens), 0), problem, engine, GREEDY) for problem in problems)  # type: ignore[operator]
    )


async def uninterrupted(engine: VllmEngine, api: str, problem: Problem, trace: Trace) -> list[tuple[int, ...]]:
    """Every segment's token ids, generated in one request from the ids before it, without any cache."""
    prompt = await engine._prompt.get(problem)
    close, wait, opening = [await engine._spelled.get(text) for text in ("</think>", "Wait,", "<think>\n")]
    ids, segments = [*prompt.token_ids, *opening], []
    async with aiohttp.ClientSession() as session:
        for number in range(len(trace.chains[0])):
            ids += wait if number else ()
            images = [{"type": "image_url", "uuid": uuid.uuid4().hex, "url": url} for url in data_urls(problem.images)]
            body = {
                "model": await engine.served_model(),
                "token_ids": ids,
                "content_parts": images,
                "cache_salt": uuid.uuid4().hex,
                "sampling_params": {
                    "temperature": 0.0,
                    "max_tokens": 1024,
                    "min_tokens": int(number > 0),
                    "stop_token_ids": list(close),
                },
            }
            async with session.post(api.removesuffix("/v1") + "/inference/v1/generate", json=body) as reply:
                (choice,) = (await reply.json())["choices"]
            segments.append(tuple(choice["token_ids"][:-1]))
            ids += segments[-1]
    return segments


def is_prefix(nested: Trace, independent: Trace) -> bool:
    """Whether every chain of an independent sweep begins the nested chain, and all answers are the same."""
    ids = [segment.token_ids for segment in nested.chains[0]]
    chains = all([segment.token_ids for segment in chain] == ids[: len(chain)] for chain in independent.chains)
    return chains and [a.text for a in nested.answers] == [a.text for a in independent.answers]


async def main() -> None:
    """Make all three comparisons."""
    benchmark = find_benchmark("digits")
    problems = benchmark.load(split="test", limit=ANSWERS, data=None)
    api = sys.argv[1]
    served = VllmEngine(Servers(api), streams=False)
    await served.ready()
    few = problems[:CHAINS]
    chunked = await sweep(served, few, nested_sweep, 8)
    whole = await asyncio.gather(*(uninterrupted(served, api, p, t) for p, t in zip(few, chunked, strict=True)))
    same = sum([s.token_ids for s in t.chains[0]] == w for t, w in zip(chunked, whole, strict=True))
    segments = sum(len(w) for w in whole)
    tokens = sum(len(ids) for w in whole for ids in w)

    independent = await sweep(served, few, independent_sweep, 512)
    prefixes = sum(is_prefix(t, other) for t, other in zip(chunked, independent, strict=True))
    theirs = await sweep(served, problems, nested_sweep, 512)
    embedded = EmbeddedEngine("bundled")
    ours = await sweep(embedded, problems, nested_sweep, 512)
    await embedded.close()
    await served.close()
    agree = [
        sum(t.answers[level].text == o.answers[level].text for t, o in zip(theirs, ours, strict=True))
        for level in LEVELS
    ]
    keep(
        "exact",
        "Exactness on vLLM, greedy, float32, with images",
        ("compared", "equal", "of"),
        [
            ("chunks of 8 tokens = one request per segment, token ids of all 8 segments", same, CHAINS),
            ("nested = independent, token ids of every chain and text of every answer", prefixes, CHAINS),
            *((f"embedded = vLLM, answer at level {level}", agree[level], ANSWERS) for level in LEVELS),
        ],
        [
            f"{CHAINS} chains: {segments} segments, {tokens:,} tokens.",
            f"Embedded and vLLM agree on {100 * sum(agree) / (ANSWERS * len(LEVELS)):.2f} % of all answers.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
