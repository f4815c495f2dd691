"""Several chains at the same time and a vote among their answers; forced chains make it a hybrid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1m.forcing.choose import Weight, majority, weights_of
from s1m.forcing.flow import Forcing, derive_seed
from s1m.forcing.strategies.one_chain import one_chain
from s1m.forcing.strategy import Flow, Part, Task, together
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Vote:
    """The answer that most of so many chains commit to (self-consistency, X. Wang et al., arXiv 2203.11171).

    Every chain has its end ignored ``num_ignore`` times, the largest level; with 0 this is plain parallel voting.
    Answers at the lower levels of ``num_ignore`` are asked for as well, so that other strategies can be replayed; the
    first chain has the seeds of a chain alone, so that it is what budget forcing would have given.
    """

    axis = "chains that vote"
    forcing: Forcing
    levels: tuple[int, ...]
    weight: Weight = "equal"

    @property
    def most_chains(self) -> int:
        """Chains of a problem."""
        return self.levels[-1]

    @property
    def most_answers(self) -> int:
        """Answers of a problem."""
        return self.levels[-1] * len(self.forcing.num_ignore)

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        drawn = yield from together([self._one(task, number) for number in range(self.levels[-1])])
        samples = tuple(sample for _, found in drawn for sample in found)
        trace = Trace(chains=tuple(chain for chain, _ in drawn), answers=(), samples=samples)
        predictions = [task.read(sample.text) for sample in samples]
        return replace(trace, answers=self.choose(predictions, trace))

    def choose(self, predictions: Sequence[str | None], trace: Trace) -> tuple[Answer, ...]:
        """The winner of the first so many chains, at every level."""
        last = self.forcing.num_ignore[-1]
        voting = [place for place, sample in enumerate(trace.samples) if sample.level == last]
        weights = weights_of([trace.samples[place] for place in voting], trace, self.weight)
        answers = []
        for level in self.levels:
            places = voting[:level]
            winner = places[majority([predictions[place] for place in places], weights[:level])]
            answers.append(replace(trace.samples[winner], level=level, same_as=None, chosen_from=tuple(places)))
        return tuple(answers)

    def _one(self, task: Task, number: int) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
        own = task.reseeded(derive_seed(task.seed, "chain", number)) if number else task
        return (yield from one_chain(self.forcing, own, {level: level for level in self.forcing.num_ignore}, number))
