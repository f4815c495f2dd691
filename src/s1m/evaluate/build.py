"""From settings to what they name: defaults that depend on benchmark and engine, filled in before a run folder is
claimed.
"""

from __future__ import annotations

import logging
from typing import Protocol, TypeVar, runtime_checkable

from s1m.engines.builder import EngineSettings, takes_dial
from s1m.errors import CannotContinue, EngineUnavailable, UsageError
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.settings.parts import BudgetSettings
from s1m.files.settings import changed
from s1m.forcing.base import BaseStrategy
from s1m.types import Benchmark, Engine

logger = logging.getLogger("s1m")

ALTERNATIVES = "continue no turn: --strategy direct, effort, budget or vote, or --num-ignore 0"


class Budgeted(Protocol):
    """Settings of whatever asks a model: a run, or one question."""

    @property
    def engine(self) -> EngineSettings:
        """Who answers."""
        ...

    @property
    def budget(self) -> BudgetSettings:
        """How much may be generated."""
        ...

    def build_strategy(self) -> BaseStrategy:
        """How it is spent."""
        ...


Asked = TypeVar("Asked", bound=Budgeted)


def resolve(settings: EvalSettings, benchmark: Benchmark) -> EvalSettings:
    """Settings with every default that depends on the benchmark or engine filled in, as the run folder keeps them."""
    return changed(
        settings,
        split=settings.problems.split or benchmark.splits[0],
        model=settings.engine.model or settings.engine.builder.default_model,
        out=str(settings.run_folder),
    )


async def name_model(settings: EvalSettings) -> EvalSettings:
    """Settings that name the model also where the server was left to choose it, so that no run mixes two."""
    return changed(settings, model=await model_of(settings.engine))


async def model_of(settings: EngineSettings) -> str:
    """The model that answers: the given one, the engine's own, or the one that its server offers."""
    builder = settings.builder
    if settings.model or not builder.needs_server:
        return settings.model
    return await builder.served_model(settings)


async def name_dial(settings: Asked) -> Asked:
    """Settings that name the dial by which a server is asked for whole replies, as far as the server shows it.

    Raises ``UsageError`` where that dial cannot ask for what the strategy wants.
    """
    builder = settings.engine.builder
    if settings.build_strategy().continues or not takes_dial(builder):
        return settings
    return changed(settings, dial=await builder.served_dial(settings.engine))


async def choose_chains(settings: EvalSettings) -> EvalSettings:
    """Settings whose chains are whole replies where the strategy allows it and the server cannot continue a turn.

    Raises ``EngineUnavailable`` when no server answers.
    """
    strategy = settings.build_strategy()
    if settings.strategy.chains != "auto" or not (strategy.continues and strategy.can_be_whole):
        return settings
    if not getattr(settings.engine.builder, "ready_checks_continuation", False):
        return settings
    from s1m.evaluate.store import recorded_settings  # judge and benchmarks come with it, which s1m ask does without

    if recorded := recorded_settings(settings.run_folder):  # what is begun is resumed in the same way
        return changed(settings, chains=recorded.get("chains", "auto"))
    engine = build_engine(settings)
    try:
        await engine.ready()
    except CannotContinue as error:
        logger.warning("%s; each chain is one whole reply of the model instead (--chains whole)", error)
        return changed(settings, chains="whole")
    finally:
        await engine.close()
    return settings


@runtime_checkable
class RepliesWhole(Protocol):
    """An engine that can be made ready for whole replies alone."""

    async def ready_to_reply(self) -> None:
        """As ``ready``, without what only continued turns need."""
        ...


async def make_ready(engine: Engine, strategy: BaseStrategy) -> None:
    """Prepare an engine for what the strategy asks. Raises ``EngineUnavailable``."""
    if not strategy.continues and isinstance(engine, RepliesWhole):
        await engine.ready_to_reply()
        return
    try:
        await engine.ready()
    except CannotContinue as error:
        raise EngineUnavailable(f"{error}; or {ALTERNATIVES}") from error


def check_budget(settings: Budgeted, engine: Engine) -> None:
    """Raises ``UsageError`` when the budgets cannot fit the engine's context, whatever the prompt."""
    thinking, answer = settings.build_strategy().most_chain_tokens, settings.budget.max_answer_tokens
    if engine.context_tokens is not None and thinking + answer >= engine.context_tokens:
        lower = "--levels" if thinking != settings.budget.max_thinking_tokens else "--max-thinking-tokens"
        raise UsageError(
            f"thinking and answer may take {thinking} + {answer} tokens, but {settings.engine.model} has a context of "
            f"{engine.context_tokens}: lower {lower}"
        )


def build_engine(settings: EvalSettings) -> Engine:
    """The engine that the settings name, loaded. Raises ``EngineUnavailable`` or ``UsageError`` when it cannot be."""
    return settings.engine.builder.build(settings.engine)
