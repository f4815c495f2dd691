"""From settings to what they name: defaults that depend on benchmark and engine, filled in before a run folder is
claimed.
"""

from __future__ import annotations

from typing import Protocol

from s1m.engines.builder import EngineSettings
from s1m.errors import UsageError
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.settings.parts import BudgetSettings
from s1m.files.settings import changed
from s1m.forcing.base import BaseStrategy
from s1m.types import Benchmark, Engine


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
