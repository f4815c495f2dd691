"""Stop thinking when a rule says so that ``s1m tune`` found on a recorded run: think, answer, decide, at every stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from s1m.errors import UsageError
from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.flow import Forcing, after_refusals, answer, can_go_on, think_on
from s1m.forcing.stopping import Rule, features_at
from s1m.forcing.strategy import Flow, Task
from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True)
class Policy(BaseStrategy):
    """An answer is asked for at every level of the rule from its first one on, until the rule stops.

    The rule brings its own levels, whatever ``num_ignore`` says. Seeds are those of a sweep over these levels, so the
    answers are those of the sweep, and a recorded sweep can be replayed.
    """

    name: ClassVar[str] = "policy"
    axis: ClassVar[str] = "most ignored stops (policy)"
    least_level: ClassVar[int] = 0
    replayable: ClassVar[bool] = True

    rule: Rule
    kind: str = ""
    """Kind of the question at hand, where the benchmark has kinds."""

    @classmethod
    def build(cls, forcing: Forcing, options: Options) -> Self:
        if options.rule is None:
            raise UsageError("strategy policy needs a policy: add --policy FILE.toml, which s1m tune writes")
        last = (options.rule.levels[-1],)
        if options.levels not in ((), last):
            raise UsageError("levels of strategy policy are those of its policy: leave out --levels")
        return cls(forcing=replace(forcing, num_ignore=options.rule.levels), levels=last, rule=options.rule)

    @property
    def most_chains(self) -> int:
        return 1

    @property
    def most_answers(self) -> int:
        return len(self.rule.asked_at)

    def for_kind(self, kind: str) -> Self:
        return replace(self, kind=kind)

    def flow(self, task: Task) -> Flow:
        chain: tuple[Segment, ...] = ()
        samples: list[Answer] = []
        for level in self.rule.asked_at:
            while len(chain) <= level and can_go_on(self.forcing, chain):
                chain = yield from think_on(self.forcing, chain, task.seed, ahead=self._ahead(level, chain, samples))
            asked = self._level_of(chain, level)
            if samples and samples[-1].segments == min(asked + 1, len(chain)):
                break  # the chain ended early, and its last answer is known
            before = {sample.level: sample for sample in samples}
            samples += yield from answer(
                self.forcing, chain, {asked: after_refusals(chain, asked)}, task, before=before
            )
            if asked != level or self._stops(chain, samples, [task.read(sample.text) for sample in samples]):
                break
        return self._committed((chain,), samples)

    def needed(self) -> tuple[int, tuple[int, ...]]:
        return 1, self.rule.levels

    def replay(self, predictions: Sequence[str | None], trace: Trace) -> Trace:
        at = {sample.level: index for index, sample in enumerate(trace.samples)}
        taken: list[int] = []
        for level in self.rule.asked_at:
            shared = trace.samples[at[level]].same_as
            index = at[level] if shared is None else at[shared]
            if index in taken:
                break
            taken.append(index)
            samples = [trace.samples[each] for each in taken]
            if shared is not None or self._stops(trace.chains[0], samples, [predictions[each] for each in taken]):
                break
        return self._committed(trace.chains, [trace.samples[index] for index in taken])

    def _level_of(self, chain: tuple[Segment, ...], level: int) -> int:
        """The level as which an answer at ``level`` is asked for.

        Of a chain that ended before it, the lowest level whose answer rests on the same segments, as in a sweep.
        """
        return level if len(chain) > level else next(each for each in self.rule.levels if each >= len(chain) - 1)

    def _ahead(self, level: int, chain: tuple[Segment, ...], samples: Sequence[Answer]) -> int:
        """Stops that an engine may ignore by itself: those before the first answer."""
        return 0 if samples else level - len(chain)

    def _stops(self, chain: tuple[Segment, ...], samples: Sequence[Answer], predictions: Sequence[str | None]) -> bool:
        return self.rule.stops(features_at(chain, samples, predictions, self.kind))

    def _committed(self, chains: tuple[tuple[Segment, ...], ...], samples: Sequence[Answer]) -> Trace:
        last = replace(samples[-1], level=self.levels[-1], chosen_from=tuple(range(len(samples))))
        return Trace(chains=chains, answers=(last,), samples=tuple(samples))
