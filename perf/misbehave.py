"""A model that ends its thinking badly: `python perf/misbehave.py`. What is lost, how right it is, what it costs.

Copies of the bundled model that fall into a loop, or end their turn without </think>, at random: see `misbehaving.py`.
Every problem is run with several seeds, so that a chain that misbehaved stands beside chains of the same problem that
did not. Accuracy of all chains is compared with what is left when misbehaving ones are left out, as S1-M drops them:
pooled, and problem by problem, since longer pictures misbehave more often. Some problems are run unguarded, too:
nothing is a loop then, and what loops runs into the budget.
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
"""Problems of the training split along which the edits are fitted."""
UNGUARDED = 48
"""Problems that are run unguarded as well, once."""
BUDGET = 4096
IN_FLIGHT = 64
EDITS = {
    "now and then": Edit(glitch=0.005, places=(",", ".\n"), end_of_turn=0.01),
    "often": Edit(glitch=0.015, places=(",", ".\n"), end_of_turn=0.03),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A problem thought about once."""

    trace: Trace
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Of shape (problems, seeds, levels): whether the answer is right, and whether the chain behaved so far."""

    right: NDArray[np.bool_]
    behaved: NDArray[np.bool_]


async def outcomes(model: str, problems: Sequence[Problem], seeds: int) -> list[Outcome]:
    """Every problem thought about ``seeds`` times, one problem after the other."""
    given = {**read_toml(CONFIG), "model": model, "max_thinking_tokens": BUDGET, "out": "nowhere"}
    settings, benchmark = eval_settings(given), find_benchmark("digits")
    engine, room = build_engine(settings), asyncio.Semaphore(IN_FLIGHT)
    await engine.ready()

    async def one(problem: Problem, seed: int) -> Outcome:
        async with room:
            return await thought_about(problem, seed, settings, benchmark, engine)

    try:
        return await asyncio.gather(*(one(problem, seed) for problem in problems for seed in range(seeds)))
    finally:
        await engine.close()


async def thought_about(
    problem: Problem, seed: int, settings: EvalSettings, benchmark: Benchmark, engine: Engine
) -> Outcome:
    """What budget forcing makes of a problem."""
    score = partial(benchmark.score, problem)
    task = Task(seed=derive_seed(seed, problem.id), read=lambda text: score(text).prediction)
    trace = await drive(settings.build_strategy().flow(task), problem, engine, settings.sampling())
    return Outcome(trace=trace, verdicts=tuple(score(answer.text) for answer in trace.answers))


def behaved(segment: Segment) -> bool:
    """Whether a stretch of thinking ended as it should."""
    return segment.stop == "closed" and not segment.flaws


def marks(found: Sequence[Outcome], seeds: int) -> Marks:
    """What is right, and what behaved."""
    right = [[verdict.correct for verdict in one.verdicts] for one in found]
    well = [
        [
            answer.same_as is None and all(map(behaved, one.trace.chains[0][: answer.segments]))
            for answer in one.trace.answers
        ]
        for one in found
    ]
    shape = (len(found) // seeds, seeds, -1)
    return Marks(right=np.array(right).reshape(shape), behaved=np.array(well).reshape(shape))


def differences(given: Marks, level: int) -> tuple[str, str, str, str]:
    """Accuracy of all and of those that behaved; all less those, pooled and within problems, with intervals."""
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


def spent(found: Sequence[Outcome]) -> int:
    """Tokens generated in all."""
    return sum(one.trace.generated_tokens for one in found)


def conduct(found: Sequence[Outcome]) -> str:
    """How the chains misbehaved, in words."""
    chains = [one.trace.chains[0] for one in found]
    bad = sum(not all(map(behaved, chain)) for chain in chains)
    looped = sum(any("looped" in (segment.stop, *segment.flaws) for segment in chain) for chain in chains)
    missing = sum(any(segment.stop == "eos" for segment in chain) for chain in chains)
    ends = Counter(segment.stop for chain in chains for segment in chain)
    lost = sum(verdict.prediction is None for one in found for verdict in one.verdicts)
    asked = sum(len(one.verdicts) for one in found)
    return (
        f"{bad / len(found):.1%} of {len(found):,} chains misbehave ({looped / len(found):.1%} loop, "
        f"{missing / len(found):.1%} end a turn without </think>; ends of thinking {dict(ends)}); {lost} of {asked:,} "
        "answers lost"
    )


def main() -> None:
    """Both edits, and the model as it is."""
    digits = find_benchmark("digits")
    problems = digits.load(split="test", limit=PROBLEMS, data=None)
    recorded = digits.load(split="train", limit=RECORDED, data=None)
    traces = [one.trace for one in asyncio.run(outcomes("bundled", recorded, 1))]
    plain = marks(asyncio.run(outcomes("bundled", problems, SEEDS)), SEEDS)
    rows: list[tuple[object, ...]] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, edit in EDITS.items():
            model = str(misbehaving(Path(scratch) / name, edit, list(zip(recorded, traces, strict=True))))
            guarded = asyncio.run(outcomes(model, problems, SEEDS))
            with patch("s1m.forcing.loops.watch.LoopWatch.feed", lambda *_: None):
                free = asyncio.run(outcomes(model, problems[:UNGUARDED], 1))
            found = marks(guarded, SEEDS)
            for level in range(found.right.shape[-1]):
                left = f"{found.behaved[..., level].mean():.1%}"
                unedited = f"{100 * plain.right[..., level].mean():.1f}"
                rows.append((name, level, *differences(found, level), left, unedited))
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
        *("chains left", "the model unedited"),
    )
    keep("misbehave", "A model that ends its thinking badly", header, rows, notes)


if __name__ == "__main__":
    main()
