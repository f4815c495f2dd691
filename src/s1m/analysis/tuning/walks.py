"""A recorded run as every stopping rule sees it: trace by trace, what is known at each stop and what is right.

Nothing is generated: the answers are those of the run, as in ``s1m replay``. A run with several samples has as many
traces of every problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.analysis.run.grid import name_of
from s1m.analysis.tuning.steps import Steps, Stop, steps_of
from s1m.evaluate.policy_use import kind_of
from s1m.evaluate.replay import at_levels, samples_of
from s1m.forcing.stopping import Features, Rule, features_at
from s1m.types import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a rule makes of traces: arrays of shape (traces,)."""

    correct: NDArray[np.bool_]
    tokens: NDArray[np.float64]


class Walks:
    """The stops of all traces, by the level at which the first answer is asked for."""

    def __init__(self, records: Sequence[Record], levels: Sequence[int], kind_key: str) -> None:
        import numpy as np

        self._records = ordered(records)
        self.levels = tuple(levels)
        self._key = kind_key
        self._made: dict[int, tuple[list[list[Stop]], Steps]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._asked = [at_levels(samples_of(each), self.levels, chains=1, record=each) for each in self._records]
        self.names = tuple(dict.fromkeys(map(name_of, self._records)))
        """Id and question of every problem."""
        rows = {name: row for row, name in enumerate(self.names)}
        self.problem: NDArray[np.int64] = np.array([rows[name_of(each)] for each in self._records], dtype=np.int64)
        """The row of ``names`` that every trace belongs to."""
        self._traces: NDArray[np.int64] = np.bincount(self.problem)

    def __len__(self) -> int:
        """How many problems there are."""
        return len(self._traces)

    @property
    def traces(self) -> int:
        """How many samples there are of all problems together."""
        return len(self._records)

    @property
    def samples(self) -> int:
        """The most samples that any problem has."""
        return int(self._traces.max())

    def of(self, first: int) -> list[list[Stop]]:
        """The stops of every trace where the first answer is asked for after ``first`` ignored stops."""
        return self._stops(first)[0]

    def steps(self, first: int) -> Steps:
        """The same as arrays."""
        return self._stops(first)[1]

    def outcome(self, rule: Rule) -> Outcome:
        """What the rule makes of all traces; remembered, but for the logistic rules, which every tuning fits anew."""
        import numpy as np

        name = repr(rule)
        if (known := self._outcomes.get(name)) is not None:
            return known
        steps = self.steps(rule.first)
        rows, at = np.arange(self.traces), steps.at(rule)
        made = Outcome(correct=steps.correct[rows, at], tokens=steps.tokens[rows, at])
        if rule.kind != "logistic":
            self._outcomes[name] = made
        return made

    def by_problem(self, values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """The mean over the samples of every problem: of shape (problems,), from (traces,)."""
        import numpy as np

        if self.traces == len(self):
            return values.astype(np.float64)
        means: NDArray[np.float64] = np.bincount(self.problem, weights=values) / self._traces
        return means

    def stopped(self, rule: Rule) -> list[Features]:
        """What was known where the rule stopped, trace by trace."""
        at = self.steps(rule.first).at(rule)
        return [walk[index].features for walk, index in zip(self.of(rule.first), at.tolist(), strict=True)]

    def _stops(self, first: int) -> tuple[list[list[Stop]], Steps]:
        if first not in self._made:
            walks = [self._walk(number, first) for number in range(self.traces)]
            self._made[first] = walks, steps_of(walks)
        return self._made[first]

    def _walk(self, number: int, first: int) -> list[Stop]:
        record, samples = self._records[number], self._asked[number]
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


def ordered(records: Sequence[Record]) -> list[Record]:
    """Records problem by problem, these by the key of their first sample.

    So neither the parts nor the order of a test depend on which problem finished first, or is which.
    """
    by_problem: dict[tuple[str, str], list[Record]] = {}
    for record in sorted(records, key=lambda each: each.sample):
        by_problem.setdefault(name_of(record), []).append(record)
    return [each for samples in sorted(by_problem.values(), key=lambda known: known[0].key) for each in samples]
