"""The ways of spending test-time compute, one small class each; all of them yield steps and end in a trace.

A file of this folder holds the classes whose ``name`` can follow ``--strategy``: adding a strategy is adding a file.
"""

from __future__ import annotations

from typing import Literal

from s1m.errors import UsageError
from s1m.extensions import Extensions
from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.choose import Weight
from s1m.forcing.flow import Forcing
from s1m.forcing.stopping import Rule

STRATEGIES = Extensions(
    noun="strategy",
    folder=__name__,
    group="s1m.strategies",
    needs=("axis", "build", "flow", "most_tokens", "counts_ignored_stops"),
)


def find_strategy(name: str) -> type[BaseStrategy]:
    """The strategy called ``name``. Raises ``UsageError`` when there is none."""
    strategy: type[BaseStrategy] = STRATEGIES.find(name)
    return strategy


def strategy_of_run(name: str) -> type[BaseStrategy] | None:
    """The strategy that a run names, or None where its package is not installed here.

    The records of such a run can still be read.
    """
    try:
        return find_strategy(name)
    except UsageError:
        return None


def build_strategy(
    name: str,
    forcing: Forcing,
    *,
    levels: tuple[int, ...] = (),
    sweep: Literal["nested", "independent"] = "nested",
    weight: Weight = "equal",
    sure: float = 0.0,
    rule: Rule | None = None,
) -> BaseStrategy:
    """The strategy called ``name``, without ``levels`` at its default ones.

    Raises ``UsageError`` for levels that it cannot have, and for strategy policy without a ``rule``.
    """
    return find_strategy(name).build(forcing, Options(levels=levels, sweep=sweep, weight=weight, sure=sure, rule=rule))


__all__ = ["STRATEGIES", "build_strategy", "find_strategy", "strategy_of_run"]
