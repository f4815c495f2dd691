"""s1's rejection sampling: draw until a chain happens to be short enough (arXiv 2501.19393)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1m.forcing.flow import Forcing, derive_seed
from s1m.forcing.strategies.one_chain import one_chain
from s1m.forcing.strategy import Flow, Task
from s1m.types import Answer, Segment, Trace

MOST_DRAWS = 16
"""After so many the shortest chain has to do."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """The first chain that ended by itself within so many tokens; all that were drawn before it are paid for."""

    axis = "thinking tokens accepted"
    forcing: Forcing
    levels: tuple[int, ...]

    @property
    def most_chains(self) -> int:
        """Chains of a problem."""
        return MOST_DRAWS

    @property
    def most_answers(self) -> int:
        """Answers of a problem."""
        return MOST_DRAWS

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        chains: list[tuple[Segment, ...]] = []
        samples: list[Answer] = []
        while len(chains) < MOST_DRAWS and self._accepted(chains, self.levels[0]) is None:
            own = task.reseeded(derive_seed(task.seed, "draw", len(chains)))
            chain, found = yield from one_chain(self.forcing, own, {0: 0}, len(chains))
            samples += found
            chains.append(chain)
        answers = []
        for level in self.levels:
            accepted = self._accepted(chains, level)
            shortest = min(range(len(chains)), key=lambda number: spent(chains[number]))
            place, drawn = (shortest, len(chains)) if accepted is None else (accepted, accepted + 1)
            answers.append(replace(samples[place], level=level, chosen_from=tuple(range(drawn))))
        return Trace(chains=tuple(chains), answers=tuple(answers), samples=tuple(samples))

    def _accepted(self, chains: Sequence[tuple[Segment, ...]], most: int) -> int | None:
        return next((n for n, chain in enumerate(chains) if chain[-1].stop == "closed" and spent(chain) <= most), None)


def spent(chain: Sequence[Segment]) -> int:
    """Tokens of a chain."""
    return sum(segment.tokens for segment in chain)
