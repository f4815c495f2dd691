"""A model that ends its thinking badly: lost answers, accuracy and tokens. `python perf/misbehave.py`.

Copies of the bundled model fall into a loop, or end their turn without </think>, at random: see `misbehaving.py`. Every
problem is run with several seeds, so that a chain that misbehaves can be compared with chains of the same problem that
do not. The accuracy of all chains is compared with the accuracy without the misbehaving ones, which S1-M drops: pooled,
and within each problem, because larger pictures misbehave more often. Some problems are also run unguarded: loops are
not detected then and spend the budget.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
from keep import keep
from misbehaving import Edit, misbehaving
from numpy.typing import NDArray
from timed_run import CONFIG

from s1m.benchmarks import find_benchmark
from s1m.evaluate.build import build_engine
from s1m.evaluate.settings import EvalSettings, eval_settings
from s1m.files.settings import read_toml
from s1m.forcing import Task, drive
from s1m.forcing.flow import derive_seed
from s1m.types import Benchmark, Engine, Problem, Segment, Trace, Verdict

PROBLEMS = 256
SEEDS = 3
RECORDED = 48
"""Problems of the training split on which the edits are fitted."""
UNGUARDED = 48
"""Problems that are also run unguarded, once."""
BUDGET = 4096
IN_FLIGHT = 64
EDITS = {
    "now and then": Edit(glitch=0.005, triggers=(",", ".\n"), end_of_turn=0.01),
    "often": Edit(glitch=0.015, triggers=(",", ".\n"), end_of_turn=0.03),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One run of a problem."""

    trace: Trace
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Of shape (problems, seeds, levels): whether the answer is right, and whether the chain behaved up to there."""

    right: NDArray[np.bool_]
    behaved: NDArray[np.bool_]


async def outcomes(model: str, problems: Sequence[Problem], seeds: int) -> list[Outcome]:
    """``seeds`` runs of every problem, in the order of the problems."""
    given = {**read_toml(CONFIG), "model": model, "max_thinking_tokens": BUDGET, "out": "nowhere"}
    settings, benchmark = eval_settings(given), find_benchmark("digits")
    engine, room = build_engine(settings), asyncio.Semaphore(IN_FLIGHT)
    await engine.ready()

    async def limited(problem: Problem, seed: int) -> Outcome:
        async with room:
            return await run_once(problem, seed, settings, benchmark, engine)

    try:
        return await asyncio.gather(*(limited(problem, seed) for problem in problems for seed in range(seeds)))
    finally:
        await engine.close()


async def run_once(
    problem: Problem, seed: int, settings: EvalSettings, benchmark: Benchmark, engine: Engine
) -> Outcome:
    """One forced trace of a problem, scored."""
    score = partial(benchmark.score, problem)
    task = Task(seed=derive_seed(seed, problem.id), read=lambda text: score(text).prediction)
    trace = await drive(settings.build_strategy().flow(task), problem, engine, settings.sampling.for_engine())
    return Outcome(trace=trace, verdicts=tuple(score(answer.text) for answer in trace.answers))


def behaved(segment: Segment) -> bool:
    """Whether a segment closed and has no flaws."""
    return segment.stop == "closed" and not segment.flaws


def marks(results: Sequence[Outcome], seeds: int) -> Marks:
    """Which answers are right, and which chains behaved."""
    right = [[verdict.correct for verdict in outcome.verdicts] for outcome in results]
    well = [
        [
            answer.same_as is None and all(map(behaved, outcome.trace.chains[0][: answer.segments]))
            for answer in outcome.trace.answers
        ]
        for outcome in results
    ]
    shape = (len(results) // seeds, seeds, -1)
    return Marks(right=np.array(right).reshape(shape), behaved=np.array(well).reshape(shape))


def differences(given: Marks, level: int) -> tuple[str, str, str, str]:
    """Accuracy of all chains and of those that behaved; the differences, pooled and within problems, with intervals."""
    right, well = given.right[..., level], given.behaved[..., level]

    def pooled(chosen: NDArray[np.int_]) -> float:
        return float(right[chosen].mean() - right[chosen][well[chosen]].mean())

    def within(chosen: NDArray[np.int_]) -> float:
        some = chosen[well[chosen].any(axis=1)]
        return float((right[some].mean(axis=1) - np.average(right[some], axis=1, weights=well[some])).mean())

    everything, random = np.arange(len(right)), np.random.default_rng(0)
    drawn = random.integers(len(right), size=(2000, len(right)))
    cells = []
    for measure in (pooled, within):
        low, high = np.percentile([measure(chosen) for chosen in drawn], [2.5, 97.5])
        cells.append(f"{100 * measure(everything):+.1f} ({100 * low:+.1f} to {100 * high:+.1f})")
    return f"{100 * right.mean():.1f}", f"{100 * right[well].mean():.1f}", cells[0], cells[1]


def spent(results: Sequence[Outcome]) -> int:
    """All generated tokens."""
    return sum(outcome.trace.generated_tokens for outcome in results)


def conduct(results: Sequence[Outcome]) -> str:
    """How the chains misbehaved, as a sentence."""
    chains = [outcome.trace.chains[0] for outcome in results]
    bad = sum(not all(map(behaved, chain)) for chain in chains)
    looped = sum(any("looped" in (segment.stop, *segment.flaws) for segment in chain) for chain in chains)
    missing = sum(any(segment.stop == "eos" for segment in chain) for chain in chains)
    ends = Counter(segment.stop for chain in chains for segment in chain)
    lost = sum(verdict.prediction is None for outcome in results for verdict in outcome.verdicts)
    answers = sum(len(outcome.verdicts) for outcome in results)
    return (
        f"{bad / len(results):.1%} of {len(results):,} chains misbehave ({looped / len(results):.1%} loop, "
        f"{missing / len(results):.1%} end a turn without </think>; stop classes {dict(ends)}); {lost} of {answers:,} "
        "answers lost"
    )


def main() -> None:
    """Measure both edits and the unedited model."""
    digits = find_benchmark("digits")
    problems = digits.load(split="test", limit=PROBLEMS, data=None)
    recorded = digits.load(split="train", limit=RECORDED, data=None)
    traces = [outcome.trace for outcome in asyncio.run(outcomes("bundled", recorded, 1))]
    plain = marks(asyncio.run(outcomes("bundled", problems, SEEDS)), SEEDS)
    rows: list[tuple[object, ...]] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, edit in EDITS.items():
            model = str(misbehaving(Path(scratch) / name, edit, list(zip(recorded, traces, strict=True))))
            guarded = asyncio.run(outcomes(model, problems, SEEDS))
            with patch("s1m.forcing.loops.watch.LoopWatch.feed", lambda *_: None):
                free = asyncio.run(outcomes(model, problems[:UNGUARDED], 1))
            marked = marks(guarded, SEEDS)
            for level in range(marked.right.shape[-1]):
                left = f"{marked.behaved[..., level].mean():.1%}"
                unedited = f"{100 * plain.right[..., level].mean():.1f}"
                rows.append((name, level, *differences(marked, level), left, unedited))
            same = guarded[: UNGUARDED * SEEDS : SEEDS]
            ratio = spent(same) / spent(free)
            notes.append(
                f"{name}: {conduct(guarded)}; {spent(same):,} tokens guarded, {spent(free):,} unguarded on the first "
                f"{UNGUARDED} problems: {ratio:.2f}."
            )
    header = (
        *(
            "model",
            "level",
            "accuracy, all",
            "misbehaving left out",
            "difference, pooled",
            "difference within problems",
        ),
        *("chains left", "unedited model"),
    )
    keep("misbehave", "A model that ends its thinking badly", header, rows, notes)


if __name__ == "__main__":
    main()
