"""Stop thinking as soon as enough answers in a row agree: an answer is asked for after every stop of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.choose import settled
from s1m.forcing.flow import Forcing, after_refusals, answer, can_go_on, think_on
from s1m.forcing.strategy import Flow, Task
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Adaptive(BaseStrategy):
    """Stops are ignored until as many answers in a row agree as the level says, or ``num_ignore`` times.

    An answer that the model is not ``sure`` of (mean probability of its tokens) agrees with nothing.
    """

    name: ClassVar[str] = "adaptive"
    axis: ClassVar[str] = "answers in a row that agree"
    default_levels: ClassVar[tuple[int, ...]] = (1, 2, 3)
    replayable: ClassVar[bool] = True

    sure: float = 0.0

    @classmethod
    def build(cls, forcing: Forcing, options: Options) -> Self:
        return cls(forcing=forcing, levels=options.levels, sure=options.sure)

    @property
    def most_chains(self) -> int:
        return 1

    @property
    def most_answers(self) -> int:
        return self.forcing.num_ignore[-1] + 1

    def flow(self, task: Task) -> Flow:
        chain: tuple[Segment, ...] = ()
        samples: list[Answer] = []
        most = self.forcing.num_ignore[-1]
        while len(chain) <= most and can_go_on(self.forcing, chain):
            chain = yield from think_on(self.forcing, chain, task.seed)
            ignored = len(chain) - 1
            samples += yield from answer(self.forcing, chain, {ignored: after_refusals(chain, ignored)}, task)
            if self._settled_at([task.read(sample.text) for sample in samples], samples, self.levels[-1]) is not None:
                break
        predictions = [task.read(sample.text) for sample in samples]
        return Trace(chains=(chain,), answers=self.choose(predictions, samples), samples=tuple(samples))

    def choose(self, predictions: Sequence[str | None], samples: Sequence[Answer]) -> tuple[Answer, ...]:
        """The answer at every level: the one at which enough agree, or else the last."""
        answers = []
        for level in self.levels:
            settled_at = self._settled_at(predictions, samples, level)
            index = len(samples) - 1 if settled_at is None else settled_at
            answers.append(replace(samples[index], level=level, chosen_from=tuple(range(index + 1))))
        return tuple(answers)

    def needed(self) -> tuple[int, tuple[int, ...]]:
        return 1, tuple(range(self.forcing.num_ignore[-1] + 1))

    def replay(self, predictions: Sequence[str | None], trace: Trace) -> Trace:
        # A level whose answer is that of a lower one was never asked for on its own: a run stops asking there.
        asked = [index for index, sample in enumerate(trace.samples) if sample.same_as is None]
        samples = [trace.samples[index] for index in asked]
        read = [predictions[index] for index in asked]
        settled_at = self._settled_at(read, samples, self.levels[-1])
        if settled_at is not None:
            samples, read = samples[: settled_at + 1], read[: settled_at + 1]
        return replace(trace, answers=self.choose(read, samples), samples=tuple(samples))

    def _settled_at(self, predictions: Sequence[str | None], samples: Sequence[Answer], agreeing: int) -> int | None:
        return settled(predictions, agreeing, [sample.logprob for sample in samples], self.sure)
