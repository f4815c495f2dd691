"""Go on only while it pays: an answer after every end of thinking, and no further once enough in a row agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from s1m.forcing.choose import settled
from s1m.forcing.flow import Forcing, after_refusals, answer, can_go_on, think_on
from s1m.forcing.strategy import Flow, Task
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Adaptive:
    """The end of thinking is ignored until as many answers in a row agree as the level says, or ``num_ignore`` times.

    An answer that the model is not ``sure`` of (mean probability of its tokens) agrees with nothing.
    """

    axis = "answers in a row that agree"
    forcing: Forcing
    levels: tuple[int, ...]
    sure: float = 0.0

    @property
    def most_chains(self) -> int:
        """Chains of a problem."""
        return 1

    @property
    def most_answers(self) -> int:
        """Answers of a problem."""
        return self.forcing.num_ignore[-1] + 1

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        chain: tuple[Segment, ...] = ()
        samples: list[Answer] = []
        most = self.forcing.num_ignore[-1]
        while len(chain) <= most and can_go_on(self.forcing, chain):
            chain = yield from think_on(self.forcing, chain, task.seed)
            ignored = len(chain) - 1
            samples += yield from answer(self.forcing, chain, {ignored: after_refusals(chain, ignored)}, task)
            if self.place([task.read(sample.text) for sample in samples], samples, self.levels[-1]) is not None:
                break
        predictions = [task.read(sample.text) for sample in samples]
        return Trace(chains=(chain,), answers=self.choose(predictions, samples), samples=tuple(samples))

    def choose(self, predictions: Sequence[str | None], samples: Sequence[Answer]) -> tuple[Answer, ...]:
        """The answer at every level: where enough agree, or else the last."""
        answers = []
        for level in self.levels:
            found = self.place(predictions, samples, level)
            place = len(samples) - 1 if found is None else found
            answers.append(replace(samples[place], level=level, chosen_from=tuple(range(place + 1))))
        return tuple(answers)

    def place(self, predictions: Sequence[str | None], samples: Sequence[Answer], agreeing: int) -> int | None:
        """Where so many answers in a row agree."""
        return settled(predictions, agreeing, [sample.logprob for sample in samples], self.sure)
