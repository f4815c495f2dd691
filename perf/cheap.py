"""Time and tokens of nested and independent sweeps: `python perf/cheap.py http://127.0.0.1:8000/v1`.

Levels 0-7, nested and independent, in turn on the same vLLM, on problems that it has not seen: with the bundled model's
own segments of 33 tokens, and with segments of at least 200, still short for a reasoning model. Then a nested
sweep through a proxy that counts how often each image is sent. Serve the bundled model first:
`s1m serve src/s1m/assets/digits-qwen2vl --dtype float32`.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from keep import keep
from proxy import Proxy
from timed_run import timed_run, unseen

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.vllm import VllmEngine
from s1m.evaluate.store import load_run
from s1m.types import Completion, Problem, Sampling, Step

ROUNDS = 2
LENGTHS = {1: 128, 200: 24}
"""Minimum tokens of a segment, and the number of problems run with it."""


class Lengthener(VllmEngine):
    """The vllm engine, with a minimum number of tokens per segment."""

    minimum_tokens = 1

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """Raise the minimum of a thinking step."""
        if step.stop:
            step = replace(step, min_tokens=min(step.max_tokens, max(step.min_tokens, self.minimum_tokens)))
        return await super().generate(problem, step, sampling)


async def run(api: str, problems: list[Problem], sweep: str, folder: Path, minimum_tokens: int = 1) -> float:
    """Seconds of a run."""
    engine = Lengthener(Servers(api))
    engine.minimum_tokens = minimum_tokens
    return await timed_run(engine, api, problems, folder, sweep=sweep, max_thinking_tokens=3072)


async def main() -> None:
    """Both sweeps in turn, then the images."""
    api = sys.argv[1]
    problems = find_benchmark("digits").load(split="test", limit=None, data=None)
    rows, notes = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for least, count in LENGTHS.items():
            ratios = []
            for number in range(ROUNDS):
                seconds, tokens = [], []
                for sweep in ("nested", "independent"):
                    folder = Path(scratch) / f"{least}-{number}-{sweep}"
                    asked = [unseen(problem) for problem in problems[:count]]
                    seconds.append(await run(api, asked, sweep, folder, least))
                    tokens.append(sum(record.trace.generated_tokens for record in load_run(folder).records))
                ratios.append(seconds[0] / seconds[1])
                token_ratio = f"{tokens[0] / tokens[1]:.3f}"
                rows.append((count, f">= {least}", *(f"{s:.1f}" for s in seconds), f"{ratios[-1]:.3f}", token_ratio))
            notes.append(f"Segments of {least} tokens or more: mean time ratio {statistics.mean(ratios):.3f}.")
        with Proxy(api.removesuffix("/v1")) as proxy:
            await run(f"{proxy.url}/v1", [unseen(problem) for problem in problems], "nested", Path(scratch) / "images")
    sent = sum(proxy.images.values()) - 1  # the handshake at the start sends a placeholder
    keep(
        "cheap",
        "Nested and independent sweep 0-7 on one vLLM",
        ("problems", "tokens per segment", "nested, s", "independent, s", "time ratio", "token ratio"),
        rows,
        [
            *notes,
            f"Images sent in a nested sweep of {len(problems)} problems with one image each: {sent}, in "
            f"{proxy.requests:,} requests.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
