"""Answers asked for while the chain goes on, against all of them at its end: what it costs, and when they come.

Embedded engine, bundled model, nested sweeps 0-7; both ways in turn, in each round, with the same seeds. Throughput is
taken over the processor's time, which other work on the machine lengthens less than the clock's.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from keep import keep

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine
from s1m.forcing import Flow, Forcing, Task, drive, follow, nested_sweep
from s1m.forcing.events import AnswerEnded
from s1m.forcing.flow import after_refusals, answer, can_go_on, think_on
from s1m.types import Problem, Sampling, Segment, Trace

ROUNDS = 3
SAMPLING = Sampling(temperature=1.0)
FORCING = Forcing(num_ignore=tuple(range(8)), ignore_strings=("Wait,",), max_thinking_tokens=1024, max_answer_tokens=16)


def at_the_end(forcing: Forcing, seed: int) -> Flow:
    """A nested sweep whose answers are only asked for when the chain has ended."""
    chain: tuple[Segment, ...] = yield from think_on(forcing, (), seed)
    while len(chain) <= forcing.num_ignore[-1] and can_go_on(forcing, chain):
        chain = yield from think_on(forcing, chain, seed)
    levels = {level: after_refusals(chain, level) for level in forcing.num_ignore}
    answers = yield from answer(forcing, chain, levels, Task(seed=seed))
    return Trace(chains=(chain,), answers=answers)


WAYS: dict[str, Callable[[Forcing, int], Flow]] = {"at the end": at_the_end, "on the way": nested_sweep}


def many(engine: EmbeddedEngine, problems: Sequence[Problem], way: str) -> tuple[float, list[Trace]]:
    """Seconds of the processor for all problems at once, and their traces."""

    async def run() -> list[Trace]:
        flows = [(WAYS[way](FORCING, seed), problem) for seed, problem in enumerate(problems)]
        return await asyncio.gather(*(drive(flow, problem, engine, SAMPLING) for flow, problem in flows))

    began = time.process_time()
    traces = asyncio.run(run())
    return time.process_time() - began, traces


def one(engine: EmbeddedEngine, problem: Problem, way: str) -> list[float]:
    """Seconds until the answer of each level was there, one problem alone, and until the end."""

    async def run() -> list[float]:
        began, at = time.perf_counter(), {}
        async for event in follow(WAYS[way](FORCING, 0), problem, engine, SAMPLING):
            if isinstance(event, AnswerEnded):
                at[event.level] = time.perf_counter() - began
        return [*(at[level] for level in sorted(at)), time.perf_counter() - began]

    return asyncio.run(run())


def tokens_of(trace: Trace) -> Trace:
    """A trace without probabilities, whose last digits depend on what else was in a batch."""
    return replace(trace, answers=tuple(replace(each, logprob=None) for each in trace.answers))


def main() -> None:
    """Measure and keep the table."""
    problems = Digits().load(split="test", limit=64, data=None)
    engine = EmbeddedEngine(max_rows=64)
    speeds: dict[str, list[float]] = {way: [] for way in WAYS}
    waits: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    differing = 0
    for way in WAYS:
        many(engine, problems[:4], way)
    for _ in range(ROUNDS):
        traces = {}
        for way in WAYS:
            seconds, traces[way] = many(engine, problems, way)
            speeds[way].append(sum(trace.generated_tokens for trace in traces[way]) / seconds)
            waits[way].append(one(engine, problems[0], way))
        differing += sum(tokens_of(a) != tokens_of(b) for a, b in zip(*traces.values(), strict=True))
    asyncio.run(engine.close())
    rows = []
    for way in WAYS:
        median = [statistics.median(column) for column in zip(*waits[way], strict=True)]
        ratios = [speed / before for speed, before in zip(speeds[way], speeds["at the end"], strict=True)]
        rows.append(
            (
                f"answers {way}",
                f"{statistics.median(speeds[way]):,.0f}",
                f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                *(f"{median[index]:.2f}" for index in (0, 3, 7, -1)),
            )
        )
    header = (
        "",
        "64 problems, tokens a processor second",
        "ratio in a round",
        "one problem: level 0, s",
        "level 3",
        "level 7",
        "end",
    )
    load = os.getloadavg()[0]
    notes = [
        f"{ROUNDS} rounds; medians; the ratio is taken within the round.",
        f"The machine had {load:.1f} processes to run on average, on {os.cpu_count()} cores.",
        f"Of {ROUNDS * len(problems)} pairs of traces, {differing} differ in a token.",
    ]
    keep("on_the_way", "Answers on the way or at the end", header, rows, notes)


if __name__ == "__main__":
    main()
