"""s1's conditional baselines: the prompt asks for a length of thinking, nothing enforces it (arXiv 2501.19393)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from s1m.forcing.flow import Forcing, derive_seed
from s1m.forcing.strategies.one_chain import one_chain
from s1m.forcing.strategy import Flow, Part, Task, together
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Conditional:
    """A chain for every level, each told in words how long to think."""

    axis: str
    forcing: Forcing
    levels: tuple[int, ...]
    words: Callable[[int], str]

    @property
    def most_chains(self) -> int:
        """Chains of a problem."""
        return len(self.levels)

    @property
    def most_answers(self) -> int:
        """Answers of a problem."""
        return len(self.levels)

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        drawn = yield from together([self._one(task, place) for place in range(len(self.levels))])
        return Trace(
            chains=tuple(chain for chain, _ in drawn), answers=tuple(found for _, answers in drawn for found in answers)
        )

    def _one(self, task: Task, place: int) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
        level = self.levels[place]
        told = replace(self.forcing, instruction=self.words(level))
        own = task.reseeded(derive_seed(task.seed, "level", level))
        return (yield from one_chain(told, own, {level: 0}, place))


def token_conditional(forcing: Forcing, levels: tuple[int, ...]) -> Conditional:
    """Told how many tokens it may think."""
    return Conditional(
        axis="thinking tokens asked for",
        forcing=forcing,
        levels=levels,
        words=lambda tokens: f"Think for at most {tokens} tokens.",
    )


def step_conditional(forcing: Forcing, levels: tuple[int, ...]) -> Conditional:
    """Told in how many steps to think."""
    return Conditional(
        axis="thinking steps asked for",
        forcing=forcing,
        levels=levels,
        words=lambda steps: f"Think in at most {steps} {'step' if steps == 1 else 'steps'}.",
    )


def class_conditional(forcing: Forcing, levels: tuple[int, ...]) -> Conditional:
    """Told to think briefly (level 0) or for a long time (level 1)."""
    return Conditional(
        axis="0 short, 1 long",
        forcing=forcing,
        levels=levels,
        words=lambda level: "Think for a long time." if level else "Think only briefly.",
    )
