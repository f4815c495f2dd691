"""Budget forcing: the end of thinking is ignored, so many times; each number of times is a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from s1m.forcing.flow import Forcing, derive_seed
from s1m.forcing.strategies.one_chain import one_chain
from s1m.forcing.strategy import Flow, Task
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Sequential:
    """One chain up to the largest level, an answer branched off at every level; or every level from scratch.

    The chain for k starts that for k + 1, so the nested sweep costs one chain; S1-M measures the independent one, which
    is dearer by the square of the levels.
    """

    axis = "ignored stops (num_ignore)"
    forcing: Forcing
    sweep: Literal["nested", "independent"] = "nested"

    @property
    def levels(self) -> tuple[int, ...]:
        """How often the end is ignored."""
        return self.forcing.num_ignore

    @property
    def most_chains(self) -> int:
        """Chains of a problem."""
        return len(self.levels) if self.sweep == "independent" else 1

    @property
    def most_answers(self) -> int:
        """Answers of a problem."""
        return len(self.levels)

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        return self._nested(task) if self.sweep == "nested" else self._independent(task)

    def _nested(self, task: Task) -> Flow:
        chain, answers = yield from one_chain(self.forcing, task, {level: level for level in self.levels})
        return Trace(chains=(chain,), answers=answers)

    def _independent(self, task: Task) -> Flow:
        chains: list[tuple[Segment, ...]] = []
        answers: list[Answer] = []
        for level in self.levels:
            own = task.reseeded(derive_seed(task.seed, "level", level))
            chain, found = yield from one_chain(self.forcing, own, {level: level}, len(chains))
            chains.append(chain)
            answers += found
        return Trace(chains=tuple(chains), answers=tuple(answers))


def nested_sweep(forcing: Forcing, seed: int) -> Flow:
    """Budget forcing of one problem, one chain for all levels, every text taken for a committed answer."""
    return Sequential(forcing=forcing).flow(Task(seed=seed))


def independent_sweep(forcing: Forcing, seed: int) -> Flow:
    """The same with every level from scratch."""
    return Sequential(forcing=forcing, sweep="independent").flow(Task(seed=seed))
