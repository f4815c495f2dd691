"""The ways of spending test-time compute, one small class each; all of them speak in steps and end in a trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from s1m.forcing.choose import Weight
from s1m.forcing.flow import Forcing
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.strategies.adaptive import Adaptive
from s1m.forcing.strategies.cap import Cap
from s1m.forcing.strategies.conditional import class_conditional, step_conditional, token_conditional
from s1m.forcing.strategies.lookback import lookback
from s1m.forcing.strategies.rejection import Rejection
from s1m.forcing.strategies.sequential import Sequential
from s1m.forcing.strategies.vote import Vote
from s1m.forcing.strategy import Strategy

Name = Literal[
    "sequential",
    "lookback",
    "lookback-image",
    "cap",
    "adaptive",
    "vote",
    "hybrid",
    "token-conditional",
    "step-conditional",
    "class-conditional",
    "rejection",
]
NAMES: tuple[Name, ...] = get_args(Name)


def build_strategy(
    name: Name,
    forcing: Forcing,
    *,
    levels: tuple[int, ...] = (),
    sweep: Literal["nested", "independent"] = "nested",
    weight: Weight = "equal",
    sure: float = 0.0,
) -> Strategy:
    """The strategy called ``name``; without ``levels`` at its usual ones."""
    budgets = levels or halvings(forcing.max_thinking_tokens)
    match name:
        case "sequential":
            return Sequential(forcing=forcing, sweep=sweep)
        case "lookback" | "lookback-image":
            usual = forcing.ignore_strings == IGNORE_STRINGS["s1"]
            strings = IGNORE_STRINGS["lookback"] if usual else forcing.ignore_strings
            return lookback(replace(forcing, ignore_strings=strings), show_images_again=name == "lookback-image")
        case "cap":
            return Cap(forcing=forcing, levels=budgets)
        case "adaptive":
            return Adaptive(forcing=forcing, levels=levels or (1, 2, 3), sure=sure)
        case "vote":
            return Vote(forcing=replace(forcing, num_ignore=(0,)), levels=levels or (1, 2, 4, 8), weight=weight)
        case "hybrid":
            return Vote(forcing=forcing, levels=levels or (1, 2, 4), weight=weight)
        case "token-conditional":
            return token_conditional(forcing, budgets)
        case "step-conditional":
            return step_conditional(forcing, levels or (1, 2, 4, 8))
        case "class-conditional":
            return class_conditional(forcing, levels or (0, 1))
        case "rejection":
            return Rejection(forcing=forcing, levels=budgets)


def axis_of(name: Name) -> str:
    """What the levels of the strategy called ``name`` count, in words."""
    any_forcing = Forcing(num_ignore=(0,), ignore_strings=("Wait,",), max_thinking_tokens=1, max_answer_tokens=1)
    return build_strategy(name, any_forcing).axis


def halvings(most: int) -> tuple[int, ...]:
    """Five budgets up to ``most``, each half of the next."""
    return tuple(sorted({max(1, most >> shift) for shift in range(5)}))


__all__ = ["NAMES", "Name", "axis_of", "build_strategy"]
