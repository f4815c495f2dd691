"""Budget forcing: the model's stops are ignored a number of times; each number is a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.flow import Forcing, derive_seed
from s1m.forcing.one_chain import one_chain
from s1m.forcing.reply import reply
from s1m.forcing.strategy import Flow, Task
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Sequential(BaseStrategy):
    """One chain up to the largest level, an answer branched off at every level; or every level from scratch.

    The chain for k starts that for k + 1, so the nested sweep costs one chain; S1-M measures the independent one, which
    is more expensive by the square of the levels.
    """

    name: ClassVar[str] = "sequential"
    axis: ClassVar[str] = "ignored stops (num_ignore)"
    counts_ignored_stops: ClassVar[bool] = True
    least_level: ClassVar[int] = 0
    replayable: ClassVar[bool] = True

    sweep: Literal["nested", "independent"] = "nested"
    whole: bool = False

    @classmethod
    def build(cls, forcing: Forcing, options: Options) -> Self:
        return cls(forcing=forcing, levels=options.levels, sweep=options.sweep, whole=options.whole)

    @property
    def can_be_whole(self) -> bool:
        return self.levels == (0,)

    @property
    def continues(self) -> bool:
        return not (self.whole and self.can_be_whole)

    @property
    def is_replay_source(self) -> bool:
        return self.sweep == "nested"

    @property
    def most_chains(self) -> int:
        return len(self.levels) if self.sweep == "independent" else 1

    @property
    def most_answers(self) -> int:
        return len(self.levels)

    def flow(self, task: Task) -> Flow:
        if not self.continues:
            return self._whole(task)
        return self._nested(task) if self.sweep == "nested" else self._independent(task)

    def needed(self) -> tuple[int, tuple[int, ...]]:
        return 1, self.levels

    def replay(self, predictions: Sequence[str | None], trace: Trace) -> Trace:  # noqa: ARG002
        return replace(trace, answers=trace.samples, samples=())

    def _nested(self, task: Task) -> Flow:
        chain, answers = yield from one_chain(self.forcing, task, {level: level for level in self.levels})
        return Trace(chains=(chain,), answers=answers)

    def _whole(self, task: Task) -> Flow:
        chain, answer = yield from reply(self.forcing, task)
        return Trace(chains=(chain,), answers=(answer,))

    def _independent(self, task: Task) -> Flow:
        chains: list[tuple[Segment, ...]] = []
        answers: list[Answer] = []
        for level in self.levels:
            own = task.reseeded(derive_seed(task.seed, "level", level))
            chain, at_level = yield from one_chain(self.forcing, own, {level: level}, len(chains))
            chains.append(chain)
            answers += at_level
        return Trace(chains=tuple(chains), answers=tuple(answers))


def nested_sweep(forcing: Forcing, seed: int) -> Flow:
    """Budget forcing of one problem, one chain for all levels, every text taken for a committed answer."""
    return Sequential(forcing=forcing).flow(Task(seed=seed))


def independent_sweep(forcing: Forcing, seed: int) -> Flow:
    """The same with every level from scratch."""
    return Sequential(forcing=forcing, sweep="independent").flow(Task(seed=seed))
