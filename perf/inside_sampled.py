"""Sampled with and without the plugin, many chains of few problems: `python perf/inside_sampled.py [CHAINS]`.

What the bundled model reads off a picture is drawn anew in every segment, so the segments of one problem differ. For
each of a few problems the tokens of a segment and the number read are compared by two-sample tests; the smallest of
the p-values is then judged by how many there are (Holm). Starts vLLM itself (`make vllm` first).
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence

from inside_exact import FORCING, SAMPLED, same_counts, same_lengths
from keep import keep
from own_server import own_server

from s1m.benchmarks import find_benchmark
from s1m.engines.remote import Servers
from s1m.engines.vllm import VllmEngine
from s1m.forcing import drive, nested_sweep
from s1m.types import Problem, Sampling, Segment

PROBLEMS = 2
CHAINS = int(sys.argv[1]) if len(sys.argv) > 1 else 320
"""A problem and an arm, each of 8 segments."""


async def drawn(engine: VllmEngine, sampling: Sampling, problems: Sequence[Problem]) -> list[list[Segment]]:
    """By problem, all segments but the first of its chains: those that were forced. Closes the engine."""
    await engine.ready()
    try:
        return [
            [
                segment
                for trace in await asyncio.gather(
                    *(drive(nested_sweep(FORCING, seed), problem, engine, sampling) for seed in range(CHAINS))
                )
                for segment in trace.chains[0][1:]
            ]
            for problem in problems
        ]
    finally:
        await engine.close()


def read(segment: Segment) -> object:
    """The first words: "I read 08334,"."""
    return segment.text.partition(",")[0]


async def main() -> None:
    """All arms on one server."""
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    rows: list[tuple[object, ...]] = []
    smallest: list[float] = []
    with own_server() as server:
        for sampling in SAMPLED:
            ours = await drawn(VllmEngine(Servers(server.api)), sampling, problems)
            theirs = await drawn(VllmEngine(Servers(server.api), forces=False), sampling, problems)
            for problem, one, other in zip(problems, ours, theirs, strict=True):
                lengths = same_lengths([s.tokens for s in one], [s.tokens for s in other])
                numbers = Counter(map(read, one)), Counter(map(read, other))
                smallest += [lengths, same_counts(*numbers)]
                rows.append(
                    (
                        f"temperature {sampling.temperature:g}, top-p {sampling.top_p:g}",
                        problem.id,
                        f"{len(one)} and {len(other)}",
                        f"{len(numbers[0])} and {len(numbers[1])}",
                        f"{lengths:.2f}",
                        f"{smallest[-1]:.2f}",
                    )
                )
    keep(
        "inside_sampled",
        "Sampled with and without the plugin",
        ("sampling", "problem", "forced segments", "different readings", "p of lengths", "p of readings"),
        rows,
        [
            "Kolmogorov-Smirnov on the tokens of a segment, chi-squared on what it reads off the picture.",
            f"Smallest of {len(smallest)} p-values, times their number: {min(1.0, min(smallest) * len(smallest)):.2f}.",
            "Segments of one chain resemble each other, so that small p-values come too often rather than too rarely.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
