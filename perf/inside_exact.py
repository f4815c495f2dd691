"""Forced inside vLLM against forced from outside, token for token and in distribution: `python perf/inside_exact.py`.

Greedy: nested sweeps 0-7 of 256 problems with the plugin, with a request a segment, and with the embedded engine.
Sampled: the same problems at temperature 0.6 with top-p 0.95 and at 1.0; tokens and first tokens of all segments with
and without the plugin, compared by two-sample tests. Starts vLLM itself (`make vllm` first).
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import exp, sqrt
from statistics import NormalDist

from keep import keep
from own_server import own_server

from s1m.benchmarks import find_benchmark
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.remote import Servers
from s1m.engines.vllm import VllmEngine
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Engine, Sampling, Segment, Trace

PROBLEMS = 256
DRAWN = 2500
"""Chains in each arm of the sampled part, each of 8 segments, unless the command says how many; 0 leaves it out."""
FORCING = Forcing(num_ignore=tuple(range(8)), ignore_strings=("Wait,",), max_thinking_tokens=1024, max_answer_tokens=16)
SAMPLED = (Sampling(temperature=0.6, top_p=0.95), Sampling(temperature=1.0))


async def traces(engine: Engine, sampling: Sampling, chains: int = PROBLEMS) -> list[Trace]:
    """The traces of all problems, without probabilities, whose last bits depend on the batch; closes the engine."""
    problems = find_benchmark("digits").load(split="test", limit=PROBLEMS, data=None)
    await engine.ready()
    try:
        done = await asyncio.gather(
            *(drive(nested_sweep(FORCING, seed), problems[seed % PROBLEMS], engine, sampling) for seed in range(chains))
        )
    finally:
        await engine.close()
    return [replace(t, answers=tuple(replace(a, logprob=None) for a in t.answers)) for t in done]


def ids_of(trace: Trace) -> list[object]:
    """Tokens of a chain and texts of its answers."""
    return [[segment.token_ids for segment in trace.chains[0]], [answer.text for answer in trace.answers]]


def same_lengths(one: Sequence[int], other: Sequence[int]) -> float:
    """The p-value of the two-sample Kolmogorov-Smirnov test (asymptotic; with ties it is on the safe side)."""
    distance = max(
        abs(sum(x <= at for x in one) / len(one) - sum(x <= at for x in other) / len(other)) for at in {*one, *other}
    )
    scaled = distance * sqrt(len(one) * len(other) / (len(one) + len(other)))
    if scaled < 0.2:  # the series does not converge there, and p is 1 to many digits
        return 1.0
    return min(1.0, max(0.0, 2 * sum((-1) ** (k - 1) * exp(-2 * k * k * scaled * scaled) for k in range(1, 101))))


def same_counts(one: Counter[object], other: Counter[object]) -> float:
    """The p-value of the chi-squared test of homogeneity; tokens seen fewer than 10 times are counted together."""
    rare = {token for token in {*one, *other} if one[token] + other[token] < 10}
    columns = [(one[token], other[token]) for token in {*one, *other} - rare]
    columns += [(sum(one[t] for t in rare), sum(other[t] for t in rare))] if rare else []
    totals = sum(a for a, _ in columns), sum(b for _, b in columns)
    both = sum(totals)
    chi = sum(
        (seen - of * (a + b) / both) ** 2 / (of * (a + b) / both)
        for a, b in columns
        for seen, of in ((a, totals[0]), (b, totals[1]))
    )
    degrees = len(columns) - 1
    if degrees < 1:
        return 1.0
    # Wilson and Hilferty (1931): the cube root of chi-squared over its degrees of freedom is nearly normal.
    spread = 2 / (9 * degrees)
    return 1 - NormalDist().cdf(((chi / degrees) ** (1 / 3) - (1 - spread)) / sqrt(spread))


def segments(done: Sequence[Trace]) -> list[Segment]:
    """All segments of the chains."""
    return [segment for trace in done for segment in trace.chains[0]]


async def main() -> None:
    """Greedy, then sampled, on one server."""
    chains = int(sys.argv[1]) if len(sys.argv) > 1 else DRAWN
    with own_server() as server:
        inside = await traces(VllmEngine(Servers(server.api)), Sampling(temperature=0.0))
        outside = await traces(VllmEngine(Servers(server.api), forces=False), Sampling(temperature=0.0))
        drawn = [
            (
                sampling,
                segments(await traces(VllmEngine(Servers(server.api)), sampling, chains)),
                segments(await traces(VllmEngine(Servers(server.api), forces=False), sampling, chains)),
            )
            for sampling in (SAMPLED if chains else ())
        ]
    embedded = await traces(EmbeddedEngine("bundled"), Sampling(temperature=0.0))
    equal = sum(a == b for a, b in zip(inside, outside, strict=True))
    own = sum(ids_of(a) == ids_of(b) for a, b in zip(inside, embedded, strict=True))
    rows: list[tuple[object, ...]] = [
        ("greedy: whole traces equal to a request a segment", f"{equal} of {PROBLEMS}", ""),
        ("greedy: tokens and answers equal to the embedded engine", f"{own} of {PROBLEMS}", ""),
    ]
    for sampling, ours, theirs in drawn:
        name = f"temperature {sampling.temperature:g}, top-p {sampling.top_p:g}"
        lengths = same_lengths([s.tokens for s in ours], [s.tokens for s in theirs])
        firsts = same_counts(*(Counter(s.token_ids[:4] for s in each if s.token_ids) for each in (ours, theirs)))
        rows.append((f"{name}: tokens a segment", f"{len(ours)} and {len(theirs)} segments", f"{lengths:.2f}"))
        rows.append((f"{name}: its first four tokens", f"{len(ours)} and {len(theirs)} segments", f"{firsts:.2f}"))
    keep(
        "inside_exact",
        "Forced inside vLLM and from outside: the same chains",
        ("", "", "p-value"),
        rows,
        [
            "p-values, where sampled chains are compared too: Kolmogorov-Smirnov on lengths, chi-squared on first "
            "tokens; both arms have the same problems, which decide most of a segment.",
            "inside_sampled.md compares sampled segments problem by problem.",
        ],
    )


if __name__ == "__main__":
    asyncio.run(main())
