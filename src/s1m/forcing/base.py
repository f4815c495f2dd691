"""What every strategy has in common: levels that are checked before anything is asked, and limits on what it may cost.

The class attributes are what the rest of s1m needs to know of a strategy; a class sets those that differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

from s1m.errors import UsageError
from s1m.forcing.choose import Weight
from s1m.forcing.flow import MOST_TRIES, Forcing
from s1m.forcing.stopping import Rule
from s1m.forcing.strategy import Flow, Task
from s1m.types import Trace

MOST_CHAINS = 1000
"""Chains of one problem; more is a slip of the keyboard that would only be noticed after hours."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What settings may say to a strategy beside the forcing. A strategy ignores what it has no use for."""

    levels: tuple[int, ...] = ()
    """Empty: the strategy's default levels."""
    sweep: Literal["nested", "independent"] = "nested"
    weight: Weight = "equal"
    sure: float = 0.0
    """Probability that an answer must have to count as agreement."""
    rule: Rule | None = None
    """When to stop, for a strategy that is given a rule."""
    whole: bool = False
    """Chains are whole replies of the model, for servers that cannot continue a turn."""


@dataclass(frozen=True, kw_only=True)
class BaseStrategy:
    """A strategy without its flow: subclass it, name it, and write ``flow``, ``most_chains`` and ``most_answers``."""

    axis: ClassVar[str]
    """What the levels count, in words: the label of the x-axis."""
    counts_ignored_stops: ClassVar[bool] = False
    """Whether the levels are those of ``num_ignore``, answers along one chain."""
    counts_chains: ClassVar[bool] = False
    """Whether a level is a number of chains."""
    level_is_budget: ClassVar[bool] = False
    """Whether a level is a number of thinking tokens; the default levels are then halves of the thinking budget."""
    default_levels: ClassVar[tuple[int, ...]] = ()
    least_level: ClassVar[int] = 1
    greatest_level: ClassVar[int | None] = None
    level_names: ClassVar[tuple[str, ...]] = ()
    """Words that ``--levels`` takes for levels 0, 1, 2 and so on."""
    dials: ClassVar[Literal["", "effort", "budget"]] = ""
    """What it has the server turn, which only engines can that know how servers spell it."""
    replayable: ClassVar[bool] = False
    """Whether its run can be made from the chains of a richer one; it then has ``needed`` and ``replay``."""

    forcing: Forcing
    levels: tuple[int, ...] = ()

    @classmethod
    def build(cls, forcing: Forcing, options: Options) -> Self:
        """The strategy as the settings ask for it. Raises ``UsageError`` for levels that it cannot have."""
        return cls(forcing=forcing, levels=options.levels)

    def __post_init__(self) -> None:
        # A frozen dataclass is set this way; the alternative is a default level in every caller.
        object.__setattr__(self, "levels", tuple(self.levels) or self._default_levels())
        self._check_levels()

    @property
    def continues(self) -> bool:
        """Whether it continues the assistant's turn, which the engine then has to be able to do."""
        return True

    @property
    def can_be_whole(self) -> bool:
        """Whether each of its chains could as well be one whole reply."""
        return False

    @property
    def is_replay_source(self) -> bool:
        """Whether runs of other strategies can be made from a run of this one."""
        return False

    @property
    def most_chains(self) -> int:
        """Chains of thought that a problem may cost."""
        raise NotImplementedError

    @property
    def most_answers(self) -> int:
        """Answers that a problem may be asked for, each of them up to ``MOST_TRIES`` times."""
        raise NotImplementedError

    @property
    def most_chain_tokens(self) -> int:
        """Thinking tokens that one chain may cost."""
        return self.forcing.max_thinking_tokens

    @property
    def most_tokens(self) -> int:
        """Tokens that a problem may cost: no model, however badly it behaves, makes a flow generate more.

        An answer that commits to nothing is asked for again, so its budget counts once for every try.
        """
        answers = MOST_TRIES * self.most_answers * self.forcing.max_answer_tokens
        return self.most_chains * self.most_chain_tokens + answers

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        raise NotImplementedError

    def for_kind(self, kind: str) -> Self:  # noqa: ARG002
        """The strategy for a question of this kind, where it makes a difference to it."""
        return self

    def needed(self) -> tuple[int, tuple[int, ...]]:
        """For a replay: how many chains, and the numbers of ignored stops at which each of them has an answer."""
        raise NotImplementedError

    def replay(self, predictions: Sequence[str | None], trace: Trace) -> Trace:
        """What a run of this strategy would have made of ``needed``.

        ``trace`` has the answers that are needed as its samples; ``predictions`` is what each of them commits to.
        """
        raise NotImplementedError

    def _default_levels(self) -> tuple[int, ...]:
        if self.counts_ignored_stops:
            return self.forcing.num_ignore
        return halvings(self.forcing.max_thinking_tokens) if self.level_is_budget else self.default_levels

    def _check_levels(self) -> None:
        name = getattr(self, "name", type(self).__name__)
        if self.counts_ignored_stops and self.levels != self.forcing.num_ignore:
            raise UsageError(f"levels of strategy {name} are given by --num-ignore: leave out --levels")
        if sorted(set(self.levels)) != list(self.levels):
            raise UsageError(f"levels must be different and rising, not {_listed(self.levels)}")
        if not self.levels:
            raise UsageError(f"strategy {name} needs levels: add --levels")
        greatest = MOST_CHAINS if self.counts_chains else self.greatest_level
        for level in self.levels:
            if level < self.least_level or (greatest is not None and level > greatest):
                to = "up" if greatest is None else f"to {greatest:,}"
                raise UsageError(
                    f"level {level} of strategy {name} ({self.axis}) is impossible: levels go from {self.least_level} "
                    f"{to}; change --levels"
                )


def halvings(most: int) -> tuple[int, ...]:
    """Five budgets up to ``most``, each half of the next."""
    return tuple(sorted({max(1, most >> shift) for shift in range(5)}))


def _listed(levels: Sequence[int]) -> str:
    shown = ", ".join(map(str, levels[:8]))
    return f"{shown} and {len(levels) - 8} more" if len(levels) > 8 else shown
