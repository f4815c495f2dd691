"""A recorded run as every stopping rule sees it: problem by problem, what is known at each stop and what is right.

Nothing is generated: the answers are those of the run, as in ``s1m replay``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.evaluate.policy_use import kind_of
from s1m.evaluate.replay import at_levels, samples_of
from s1m.forcing.stopping import Features, Rule, features_at
from s1m.types import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """A stop at which an answer was asked for; ``is_last`` where the chain ended there by itself."""

    features: Features
    correct: bool
    is_last: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a rule makes of problems: ``correct`` and ``tokens``, both of shape (problems,)."""

    correct: NDArray[np.bool_]
    tokens: NDArray[np.float64]
    at: tuple[Features, ...]
    """What was known where it stopped, problem by problem."""


class Walks:
    """The stops of all problems, by the level at which the first answer is asked for."""

    def __init__(self, records: Sequence[Record], levels: Sequence[int], kind_key: str) -> None:
        self._records = records
        self.levels = tuple(levels)
        self._key = kind_key
        self._made: dict[int, list[list[Stop]]] = {}
        self._samples = [at_levels(samples_of(record), self.levels, chains=1, record=record) for record in records]

    def __len__(self) -> int:
        return len(self._records)

    def of(self, first: int) -> list[list[Stop]]:
        """The stops of every problem where the first answer is asked for after ``first`` ignored stops."""
        if first not in self._made:
            self._made[first] = [self._walk(number, first) for number in range(len(self))]
        return self._made[first]

    def outcome(self, rule: Rule, rows: Iterable[int] | None = None) -> Outcome:
        """What the rule makes of the problems in these ``rows``, by default of all."""
        import numpy as np

        walks = self.of(rule.first)
        ends = [_end(rule, walks[row]) for row in (range(len(self)) if rows is None else rows)]
        return Outcome(
            correct=np.array([end.correct for end in ends], dtype=bool),
            tokens=np.array([end.features.tokens for end in ends], dtype=np.float64),
            at=tuple(end.features for end in ends),
        )

    def _walk(self, number: int, first: int) -> list[Stop]:
        record, samples = self._records[number], self._samples[number]
        index_of = {sample.answer.level: index for index, sample in enumerate(samples)}
        kind = kind_of(record.metadata, self._key)
        taken: list[int] = []
        stops: list[Stop] = []
        for level in self.levels[self.levels.index(first) :]:
            shared = samples[index_of[level]].answer.same_as
            index = index_of[level if shared is None else shared]
            if index in taken:
                break
            taken.append(index)
            answers = [samples[each].answer for each in taken]
            committed = [samples[each].verdict.prediction for each in taken]
            features = features_at(record.trace.chains[0], answers, committed, kind)
            stops.append(Stop(features=features, correct=samples[index].verdict.correct, is_last=shared is not None))
            if shared is not None:
                break
        return stops


def _end(rule: Rule, stops: Sequence[Stop]) -> Stop:
    return next((stop for stop in stops if stop.is_last or rule.stops(stop.features)), stops[-1])
