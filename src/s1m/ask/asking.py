"""One question to an engine: from settings to a flow, driven or followed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

from s1m.ask.settings import AskSettings
from s1m.engines.builder import EngineSettings
from s1m.errors import CannotContinue
from s1m.evaluate.build import check_budget, make_ready, model_of, name_dial
from s1m.evaluate.chosen import Chosen
from s1m.evaluate.family import with_family
from s1m.evaluate.policy_use import check_policy
from s1m.evaluate.recommended import with_sampling
from s1m.evaluate.settings.parts import BudgetSettings
from s1m.files.settings import changed, flat
from s1m.forcing import Flow, Task, drive, follow
from s1m.forcing.events import Event
from s1m.types import Engine, Problem, Trace

NO_RUN = Path(os.devnull)
"""A folder that holds no run, whose delimiters would have to be kept to."""

_words: WeakKeyDictionary[Engine, EngineSettings] = WeakKeyDictionary()
"""What the engines that were built here were built of: whose chat template is read, and what they can be asked."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A problem, an engine that is ready, and settings that name its model and delimiters."""

    settings: AskSettings
    engine: Engine
    problem: Problem
    notices: tuple[str, ...] = ()
    """What was found out about the model: between which delimiters it thinks, and how its tokens are drawn."""

    @property
    def flow(self) -> Flow:
        """The conversation. Its seed is that of the settings alone, so the same question gives the same trace."""
        return self.settings.build_strategy().flow(Task(seed=self.settings.sampling.seed))

    async def trace(self) -> Trace:
        """What comes of it."""
        return await drive(self.flow, self.problem, self.engine, self.settings.sampling.for_engine())

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens on the way; see ``s1m.forcing.events``."""
        sampling = self.settings.sampling.for_engine()
        async with aclosing(follow(self.flow, self.problem, self.engine, sampling)) as events:
            async for event in events:
                yield event


@asynccontextmanager
async def asking(settings: AskSettings, problem: Problem, engine: Engine | None = None) -> AsyncIterator[Asking]:
    """What asks ``problem``: of the given ``engine``, which stays open, or of that of the settings, closed at the end.

    The bundled model stays loaded. Raises ``EngineUnavailable`` or ``UsageError`` when the engine cannot be had.
    """
    is_kept = engine is not None or settings.engine == EngineSettings()
    if engine is None or (words := _words.get(engine)) is None:
        chosen = Chosen(settings=settings) if engine else await named(settings)
    else:
        chosen = await named(changed(settings, **flat(words)))
    settings = chosen.settings
    if engine is None:
        engine = bundled_engine() if is_kept else built(settings.engine)
    try:
        settings = await made_ready(settings, engine)  # engines remember what they have found out
        settings = fitted(settings, engine.context_tokens)
        check_budget(settings, engine)
        check_policy(settings, settings.strategy, settings.engine)
        yield Asking(settings=settings, engine=engine, problem=problem, notices=chosen.notices)
    finally:
        if not is_kept:
            await engine.close()


async def named(settings: AskSettings) -> Chosen[AskSettings]:
    """Settings that name the model that a server offers, and its delimiters where these are to be found out."""
    if settings.engine.builder.needs_server and not settings.engine.model:
        settings = changed(settings, model=await model_of(settings.engine))
    family = await with_family(settings, settings.engine, settings.strategy, NO_RUN)
    sampling = await with_sampling(family.settings, settings.engine, settings.sampling)
    return Chosen(settings=await name_dial(sampling.settings), notices=(*family.notices, *sampling.notices))


async def made_ready(settings: AskSettings, engine: Engine) -> AskSettings:
    """Settings whose chains are whole replies where the strategy allows it and the engine cannot continue a turn.

    Raises ``EngineUnavailable`` when the engine cannot do what the strategy asks.
    """
    strategy = settings.build_strategy()
    if settings.strategy.chains == "auto" and strategy.continues and strategy.can_be_whole:
        try:
            await engine.ready()
        except CannotContinue:
            settings = changed(settings, chains="whole")
    await make_ready(engine, settings.build_strategy())
    return settings


def fitted(settings: AskSettings, context_tokens: int | None) -> AskSettings:
    """The settings, with half of a context too small for the default thinking budget in its place.

    A budget that the user chose is left as it is, and refused where it does not fit.
    """
    budget = settings.budget
    is_default = budget.max_thinking_tokens == BudgetSettings().max_thinking_tokens
    least = 2 * (budget.max_answer_tokens + budget.min_thinking_tokens)
    if not is_default or context_tokens is None or context_tokens <= least:
        return settings
    return changed(settings, max_thinking_tokens=min(budget.max_thinking_tokens, context_tokens // 2))


@cache
def bundled_engine() -> Engine:
    """The bundled model, loaded once a process."""
    return built(EngineSettings())


def built(settings: EngineSettings) -> Engine:
    """The engine that the settings name. Raises ``EngineUnavailable`` or ``UsageError`` when it cannot be had."""
    engine = settings.builder.build(settings)
    with contextlib.suppress(TypeError):  # one of another package that cannot be referred to weakly
        _words[engine] = settings
    return engine
