"""What the plugin costs a server: `python perf/inside_cost.py [ROUNDS]`.

Two servers, one with the plugin and one without it, ordinary requests to both in turn, and forced ones to the first
(all their tokens drawn by the plugin). Only one server works at a time. Starts both itself (`make vllm` first).
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

import aiohttp
from keep import keep
from own_server import OwnServer, own_server

REQUESTS, TOKENS = 64, 256
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
SAMPLING = {"temperature": 0.6, "top_p": 0.95}
FORCED = {"num_ignore": 1, "min_thinking_tokens": TOKENS, "max_thinking_tokens": TOKENS, "watch_loops": 1}


async def asked(server: OwnServer, **more: object) -> tuple[float, float]:
    """Tokens a second, and processor seconds of the server a thousand tokens."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{server.api}/models") as reply:
            model = (await reply.json())["data"][0]["id"]

        async def one(number: int) -> None:
            body = {
                "model": model,
                "messages": [{"role": "user", "content": f"What is the sum of {number}?"}],
                "max_tokens": TOKENS,
                "min_tokens": TOKENS,
                "seed": number,
                **SAMPLING,
                **more,
            }
            async with session.post(f"{server.api}/chat/completions", json=body) as reply:
                assert (await reply.json())["usage"]["completion_tokens"] == TOKENS

        before, began = server.processor_seconds(), time.monotonic()
        await asyncio.gather(*map(one, range(REQUESTS)))
        tokens = REQUESTS * TOKENS
        return tokens / (time.monotonic() - began), 1000 * (server.processor_seconds() - before) / tokens


async def has_plugin(server: OwnServer) -> bool:
    """Whether the server refuses what only the plugin finds wrong."""
    body = {"prompt": "1", "max_tokens": 1, "vllm_xargs": {"num_ignore": -1}}
    async with aiohttp.ClientSession() as session, session.post(f"{server.api}/completions", json=body) as reply:
        return reply.status == 400


async def main() -> None:
    """The three in turn, round after round."""
    names = ("ordinary, without the plugin", "ordinary, with the plugin", "forced, by the plugin")
    done: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    with own_server(plugin=False) as bare, own_server() as loaded:
        assert not await has_plugin(bare)
        assert await has_plugin(loaded)
        for server in (bare, loaded):
            await asked(server)
        for _ in range(ROUNDS):
            done[names[0]].append(await asked(bare))
            done[names[1]].append(await asked(loaded))
            done[names[2]].append(await asked(loaded, vllm_xargs=FORCED))
    plain = done[names[0]]
    keep(
        "inside_cost",
        "What the plugin costs",
        ("requests", "tokens/s", "of those without", "processor seconds a thousand tokens", "of those without"),
        [
            (
                name,
                ", ".join(f"{speed:.0f}" for speed, _ in of),
                f"{statistics.median(a[0] / b[0] for a, b in zip(of, plain, strict=True)):.2f}",
                ", ".join(f"{seconds:.2f}" for _, seconds in of),
                f"{statistics.median(a[1] / b[1] for a, b in zip(of, plain, strict=True)):.2f}",
            )
            for name, of in done.items()
        ],
        [f"{REQUESTS} requests of {TOKENS} tokens, temperature 0.6, top-p 0.95, seeded; the bundled toy model."],
    )


if __name__ == "__main__":
    asyncio.run(main())
