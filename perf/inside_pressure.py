"""Thinking where half of what runs fits the key-value cache: `python perf/inside_pressure.py`.

32 sequences of 1,000 tokens with a cache for 16 of them, so that vLLM preempts. Uninterrupted requests without any
client of ours, chains in the plugin, streams and chunks of 128, in turn. Greedy but for the plugin, since vLLM's CPU
build dies when it preempts a seeded request; a chain carries no seed of vLLM's. Starts vLLM itself.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
from keep import keep
from own_server import OwnServer, own_server
from timed_run import unseen

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.remote.images import data_urls
from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.chain import Plan
from s1m.types import AtOnce, Piece, Problem, Sampling, Step

SEQUENCES, TOKENS, BLOCK = 32, 1000, 32
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
BLOCKS = SEQUENCES * (TOKENS + 40) // BLOCK // 2
GREEDY = Sampling(temperature=0.0)


def unwatched(plan: Plan, seed: int, drawn_before: int = 0) -> dict[str, Any]:
    """What is asked of the plugin, but no loop ends a thought: a toy repeats itself long before 1,000 tokens."""
    return {**arguments(plan, seed, drawn_before), "watch_loops": 0}


arguments = Plan.arguments
Plan.arguments = unwatched  # type: ignore[method-assign]


async def uninterrupted(server: OwnServer, problems: Sequence[Problem]) -> float:
    """Tokens a second of one chat request a sequence."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{server.api}/models") as reply:
            model = (await reply.json())["data"][0]["id"]

        async def one(problem: Problem) -> None:
            (url,) = data_urls(problem.images)
            picture = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": problem.question}]
            body = {
                "model": model,
                "messages": [{"role": "user", "content": picture}, {"role": "assistant", "content": "<think>\n"}],
                "continue_final_message": True,
                "add_generation_prompt": False,
                "temperature": 0.0,
                "max_tokens": TOKENS,
                "min_tokens": TOKENS,
                "ignore_eos": True,
            }
            async with session.post(f"{server.api}/chat/completions", json=body) as reply:
                assert (await reply.json())["usage"]["completion_tokens"] == TOKENS

        began = time.monotonic()
        await asyncio.gather(*map(one, problems))
        return SEQUENCES * TOKENS / (time.monotonic() - began)


async def ours(server: OwnServer, problems: Sequence[Problem], *, chunk: int = TOKENS, **how: bool) -> float:
    """Tokens a second of the vllm engine, one thought of ``TOKENS`` tokens a problem, no loop ending it."""
    engine = VllmEngine(Servers(server.api), **how)
    await engine.ready()
    began = time.monotonic()

    async def one(problem: Problem) -> int:
        pieces: list[Piece] = [Piece(text="<think>\n")]
        tokens = 0
        while tokens < TOKENS:
            left = TOKENS - tokens
            step = Step(
                prefix=tuple(pieces),
                stop=("</think>",),
                max_tokens=min(chunk, left),
                min_tokens=min(chunk, left),
                at_once=AtOnce(max_tokens=left, min_tokens=left, reads=lambda _: False, ignore_strings=("Wait,",)),
            )
            done = await engine.generate(problem, step, GREEDY)
            pieces.append(Piece(text=done.text, token_ids=done.token_ids))
            tokens += done.tokens
        return tokens

    written = await asyncio.gather(*map(one, problems))
    seconds = time.monotonic() - began
    await engine.close()
    return sum(written) / seconds


async def main() -> None:
    """Four ways in turn, round after round."""
    problems = find_benchmark("digits").load(split="test", limit=SEQUENCES, data=None)
    speeds: dict[str, list[float]] = {}
    with own_server("--num-gpu-blocks-override", str(BLOCKS)) as server:
        for _ in range(ROUNDS):
            for name, way in {
                "uninterrupted requests": uninterrupted(server, [unseen(p) for p in problems]),
                "chains (plugin)": ours(server, [unseen(p) for p in problems]),
                "streams": ours(server, [unseen(p) for p in problems], forces=False),
                "chunks of 128": ours(server, [unseen(p) for p in problems], chunk=128, streams=False),
            }.items():
                speeds.setdefault(name, []).append(await way)
    plain = speeds["uninterrupted requests"]
    keep(
        "inside_pressure",
        "Thinking under cache pressure",
        ("", "tokens/s", "of uninterrupted, median of the rounds"),
        [
            (
                name,
                ", ".join(f"{each:.0f}" for each in of),
                f"{statistics.median(a / b for a, b in zip(of, plain, strict=True)):.2f}",
            )
            for name, of in speeds.items()
        ],
        [f"{SEQUENCES} sequences of {TOKENS} tokens, {BLOCKS} blocks of {BLOCK}: room for half of them."],
    )


if __name__ == "__main__":
    asyncio.run(main())
