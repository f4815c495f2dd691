"""The model as it is: one request, nothing forced; and what a server offers to turn: an effort, or a thinking budget.

None of these continues a turn, so they run on any chat server, hosted ones included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from s1m.forcing.base import BaseStrategy
from s1m.forcing.flow import derive_seed
from s1m.forcing.reply import reply
from s1m.forcing.strategy import Flow, Part, Task, together
from s1m.types import Answer, Segment, Trace

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")
"""Reasoning efforts by level, in the words that most servers share."""


@dataclass(frozen=True, kw_only=True)
class Direct(BaseStrategy):
    """One whole reply of the model, with its own thinking, of its own length."""

    name: ClassVar[str] = "direct"
    axis: ClassVar[str] = "0 the model's own reply"
    default_levels: ClassVar[tuple[int, ...]] = (0,)
    least_level: ClassVar[int] = 0
    greatest_level: ClassVar[int | None] = 0

    @property
    def continues(self) -> bool:
        return False

    @property
    def most_chains(self) -> int:
        return len(self.levels)

    @property
    def most_answers(self) -> int:
        return len(self.levels)

    @property
    def most_tokens(self) -> int:
        return len(self.levels) * (self.most_chain_tokens + self.forcing.max_answer_tokens)

    def flow(self, task: Task) -> Flow:
        drawn = yield from together([self._reply(task, index) for index in range(len(self.levels))])
        return Trace(chains=tuple(chain for chain, _ in drawn), answers=tuple(answer for _, answer in drawn))

    def _reply(self, task: Task, index: int) -> Part[tuple[tuple[Segment, ...], Answer]]:
        return (yield from reply(self.forcing, task, level=self.levels[index], number=index))


@dataclass(frozen=True, kw_only=True)
class Effort(Direct):
    """A reply at every reasoning effort that the server is asked for."""

    name: ClassVar[str] = "effort"
    axis: ClassVar[str] = f"reasoning effort ({', '.join(f'{level} {word}' for level, word in enumerate(EFFORTS))})"
    dials: ClassVar[Literal["", "effort", "budget"]] = "effort"
    level_names: ClassVar[tuple[str, ...]] = EFFORTS
    default_levels: ClassVar[tuple[int, ...]] = (2, 3, 4)
    greatest_level: ClassVar[int | None] = len(EFFORTS) - 1

    def _reply(self, task: Task, index: int) -> Part[tuple[tuple[Segment, ...], Answer]]:
        level = self.levels[index]
        own = task.reseeded(derive_seed(task.seed, "level", level))
        return (yield from reply(self.forcing, own, level=level, number=index, effort=EFFORTS[level]))


@dataclass(frozen=True, kw_only=True)
class Budget(Direct):
    """A reply at every thinking budget that the server is asked to keep; 0 asks it not to think."""

    name: ClassVar[str] = "budget"
    axis: ClassVar[str] = "thinking budget of the server (tokens)"
    dials: ClassVar[Literal["", "effort", "budget"]] = "budget"
    level_is_budget: ClassVar[bool] = True
    greatest_level: ClassVar[int | None] = None

    @property
    def most_chain_tokens(self) -> int:
        return self.levels[-1]

    @property
    def most_tokens(self) -> int:
        return sum(self.levels) + len(self.levels) * self.forcing.max_answer_tokens

    def _reply(self, task: Task, index: int) -> Part[tuple[tuple[Segment, ...], Answer]]:
        level = self.levels[index]
        own = task.reseeded(derive_seed(task.seed, "level", level))
        return (yield from reply(self.forcing, own, level=level, number=index, budget=level))
