"""Steps for the bundled model, and what an engine makes of several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine
from s1m.types import Completion, Piece, Problem, Sampling, Step

PROBLEMS = Digits().load(split="test", limit=12, data=None)
GREEDY = Sampling(temperature=0)
WARM = Sampling(temperature=1.0)
THINK = (Piece(text="<think>\n"),)


def ask(engine: EmbeddedEngine, steps: Sequence[tuple[Problem, Step]], sampling: Sampling = GREEDY) -> list[Completion]:
    async def together() -> list[Completion]:
        return list(await asyncio.gather(*(engine.generate(problem, step, sampling) for problem, step in steps)))

    return asyncio.run(together())


def alike(some: Sequence[Completion], others: Sequence[Completion]) -> bool:
    """Whether completions are equal, their probabilities up to the last bits, which depend on the batch."""
    pairs = zip(some, others, strict=True)
    return all(
        replace(first, logprob=None) == replace(second, logprob=None)
        and first.logprob == pytest.approx(second.logprob, abs=1e-4)
        for first, second in pairs
    )


def step(prefix: tuple[Piece, ...] = THINK, **changes: object) -> Step:
    values = {"prefix": prefix, "stop": ("</think>",), "max_tokens": 60, "seed": 5} | changes
    return Step(**values)  # type: ignore[arg-type]
