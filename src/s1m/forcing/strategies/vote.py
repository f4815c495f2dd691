"""Several chains at the same time and a vote among their answers; forced chains make it a hybrid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.choose import Weight, majority, weights_of
from s1m.forcing.flow import Forcing, derive_seed
from s1m.forcing.one_chain import one_chain
from s1m.forcing.reply import reply
from s1m.forcing.strategy import Flow, Part, Task, together
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Hybrid(BaseStrategy):
    """The answer that most of N chains commit to (self-consistency, X. Wang et al., arXiv 2203.11171).

    Every chain has its stops ignored ``num_ignore`` times, the largest level. Answers at the lower levels of
    ``num_ignore`` are asked for as well, so that other strategies can be replayed; the first chain has the seeds of a
    chain alone, so that it is what budget forcing would have given.
    """

    name: ClassVar[str] = "hybrid"
    axis: ClassVar[str] = "chains that vote"
    counts_chains: ClassVar[bool] = True
    default_levels: ClassVar[tuple[int, ...]] = (1, 2, 4)
    replayable: ClassVar[bool] = True

    weight: Weight = "equal"

    @classmethod
    def build(cls, forcing: Forcing, options: Options) -> Self:
        return cls(forcing=forcing, levels=options.levels, weight=options.weight)

    @property
    def is_replay_source(self) -> bool:
        return True

    @property
    def most_chains(self) -> int:
        return self.levels[-1]

    @property
    def most_answers(self) -> int:
        return self.levels[-1] * len(self.forcing.num_ignore)

    def flow(self, task: Task) -> Flow:
        drawn = yield from together([self._chain(task, number) for number in range(self.levels[-1])])
        samples = tuple(sample for _, answers in drawn for sample in answers)
        trace = Trace(chains=tuple(chain for chain, _ in drawn), answers=(), samples=samples)
        predictions = [task.read(sample.text) for sample in samples]
        return replace(trace, answers=self.choose(predictions, trace))

    def choose(self, predictions: Sequence[str | None], trace: Trace) -> tuple[Answer, ...]:
        """The winner of the first N chains, at every level N."""
        last = self.forcing.num_ignore[-1]
        voting = [index for index, sample in enumerate(trace.samples) if sample.level == last]
        weights = weights_of([trace.samples[index] for index in voting], trace, self.weight)
        answers = []
        for level in self.levels:
            voters = voting[:level]
            winner = voters[majority([predictions[index] for index in voters], weights[:level])]
            answers.append(replace(trace.samples[winner], level=level, same_as=None, chosen_from=tuple(voters)))
        return tuple(answers)

    def needed(self) -> tuple[int, tuple[int, ...]]:
        return self.levels[-1], self.forcing.num_ignore

    def replay(self, predictions: Sequence[str | None], trace: Trace) -> Trace:
        return replace(trace, answers=self.choose(predictions, trace))

    def _chain(self, task: Task, number: int) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
        own = task.reseeded(derive_seed(task.seed, "chain", number)) if number else task
        return (yield from self._sample(own, number))

    def _sample(self, task: Task, number: int) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
        return (yield from one_chain(self.forcing, task, {level: level for level in self.forcing.num_ignore}, number))


@dataclass(frozen=True, kw_only=True)
class Vote(Hybrid):
    """Plain parallel voting: no stop is ignored, whatever ``num_ignore`` says."""

    name: ClassVar[str] = "vote"
    default_levels: ClassVar[tuple[int, ...]] = (1, 2, 4, 8)

    whole: bool = False

    @classmethod
    def build(cls, forcing: Forcing, options: Options) -> Self:
        return cls(forcing=forcing, levels=options.levels, weight=options.weight, whole=options.whole)

    @property
    def can_be_whole(self) -> bool:
        return True

    @property
    def continues(self) -> bool:
        return not self.whole

    def _sample(self, task: Task, number: int) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
        if self.continues:
            return (yield from super()._sample(task, number))
        chain, answer = yield from reply(self.forcing, task, number=number)
        return chain, (answer,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "forcing", replace(self.forcing, num_ignore=(0,)))
        super().__post_init__()
