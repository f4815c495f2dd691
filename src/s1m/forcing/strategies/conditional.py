"""s1's conditional baselines: the prompt asks for a length of thinking, nothing enforces it (arXiv 2501.19393)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from s1m.forcing.base import BaseStrategy
from s1m.forcing.flow import derive_seed
from s1m.forcing.one_chain import one_chain
from s1m.forcing.strategy import Flow, Part, Task, together
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Conditional(BaseStrategy):
    """A chain for every level, each of which is asked in words for how long to think."""

    @property
    def most_chains(self) -> int:
        return len(self.levels)

    @property
    def most_answers(self) -> int:
        return len(self.levels)

    def words(self, level: int) -> str:
        """What the prompt says at a level."""
        raise NotImplementedError

    def flow(self, task: Task) -> Flow:
        drawn = yield from together([self._chain(task, index) for index in range(len(self.levels))])
        return Trace(
            chains=tuple(chain for chain, _ in drawn), answers=tuple(each for _, answers in drawn for each in answers)
        )

    def _chain(self, task: Task, index: int) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
        level = self.levels[index]
        instructed = replace(self.forcing, instruction=self.words(level))
        own = task.reseeded(derive_seed(task.seed, "level", level))
        return (yield from one_chain(instructed, own, {level: 0}, index))


@dataclass(frozen=True, kw_only=True)
class TokenConditional(Conditional):
    """The prompt names a number of tokens."""

    name: ClassVar[str] = "token-conditional"
    axis: ClassVar[str] = "thinking tokens asked for"
    level_is_budget: ClassVar[bool] = True

    def words(self, level: int) -> str:
        return f"Think for at most {level} tokens."


@dataclass(frozen=True, kw_only=True)
class StepConditional(Conditional):
    """The prompt names a number of steps."""

    name: ClassVar[str] = "step-conditional"
    axis: ClassVar[str] = "thinking steps asked for"
    default_levels: ClassVar[tuple[int, ...]] = (1, 2, 4, 8)

    def words(self, level: int) -> str:
        return f"Think in at most {level} {'step' if level == 1 else 'steps'}."


@dataclass(frozen=True, kw_only=True)
class ClassConditional(Conditional):
    """The prompt asks for brief thinking (level 0) or long thinking (level 1)."""

    name: ClassVar[str] = "class-conditional"
    axis: ClassVar[str] = "0 short, 1 long"
    default_levels: ClassVar[tuple[int, ...]] = (0, 1)
    least_level: ClassVar[int] = 0
    greatest_level: ClassVar[int | None] = 1

    def words(self, level: int) -> str:
        return "Think for a long time." if level else "Think only briefly."
