"""s1's rejection sampling: draw until a chain happens to be short enough (arXiv 2501.19393)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from s1m.forcing.base import BaseStrategy
from s1m.forcing.flow import derive_seed
from s1m.forcing.one_chain import one_chain
from s1m.forcing.strategy import Flow, Task
from s1m.types import Answer, Segment, Trace

MOST_DRAWS = 16
"""Chains drawn at most; the shortest of them then has to do. s1 draws without end, which no budget can bound."""


@dataclass(frozen=True, kw_only=True)
class Rejection(BaseStrategy):
    """The first chain that ended by itself within N tokens; all that were drawn before it are part of the cost."""

    name: ClassVar[str] = "rejection"
    axis: ClassVar[str] = "thinking tokens accepted"
    level_is_budget: ClassVar[bool] = True

    @property
    def most_chains(self) -> int:
        return MOST_DRAWS

    @property
    def most_answers(self) -> int:
        return MOST_DRAWS

    def flow(self, task: Task) -> Flow:
        chains: list[tuple[Segment, ...]] = []
        samples: list[Answer] = []
        while len(chains) < MOST_DRAWS and self._accepted(chains, self.levels[0]) is None:
            own = task.reseeded(derive_seed(task.seed, "draw", len(chains)))
            chain, drawn = yield from one_chain(self.forcing, own, {0: 0}, len(chains))
            samples += drawn
            chains.append(chain)
        answers = []
        for level in self.levels:
            accepted = self._accepted(chains, level)
            shortest = min(range(len(chains)), key=lambda number: spent(chains[number]))
            index, paid = (shortest, len(chains)) if accepted is None else (accepted, accepted + 1)
            answers.append(replace(samples[index], level=level, chosen_from=tuple(range(paid))))
        return Trace(chains=tuple(chains), answers=tuple(answers), samples=tuple(samples))

    def _accepted(self, chains: Sequence[tuple[Segment, ...]], most: int) -> int | None:
        return next((n for n, chain in enumerate(chains) if chain[-1].stop == "closed" and spent(chain) <= most), None)


def spent(chain: Sequence[Segment]) -> int:
    """Tokens of a chain."""
    return sum(segment.tokens for segment in chain)
