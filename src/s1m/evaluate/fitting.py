"""The default thinking budget, lowered where the server states a context that it does not fit.

A budget that was given is never changed: where it does not fit, the run is refused. What was fitted is on record, so
that a resumed run keeps its budget, whatever its server states by then.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from rich.console import Console

from s1m.engines.builder import EngineSettings
from s1m.evaluate.settings.parts import BudgetSettings
from s1m.evaluate.store import recorded_settings
from s1m.files.settings import changed, flat

Settings = TypeVar("Settings")

PROMPT_FRACTION = 1 / 4
"""Of the context, left to the prompt and the strings put between thoughts: with 8,192 tokens, 2,048 hold a question
and a picture of 1,500 tokens, as Qwen2-VL reads one of 1,080 x 1,080 pixels."""


async def fitted_budget(
    settings: Settings, engine: EngineSettings, budget: BudgetSettings, console: Console
) -> Settings:
    """Settings whose thinking budget, which was not given, fits the context that the server states."""
    if not engine.builder.needs_server:
        return settings
    kept = recorded_settings(Path(flat(settings)["out"]).expanduser())
    if kept:
        names = ("max_thinking_tokens", "fitted_context")
        return changed(settings, **{name: kept[name] for name in names if "fitted_context" in kept and name in kept})
    context = await _context(engine)
    if context is None or budget.max_thinking_tokens + budget.max_answer_tokens < context:
        return settings
    tokens = int(context * (1 - PROMPT_FRACTION)) - budget.max_answer_tokens
    if tokens < 1:
        return settings  # refused later, with both numbers
    console.print(
        f"{engine.model} has a context of {context:,} tokens: thinking budget {tokens:,} instead of "
        f"{budget.max_thinking_tokens:,}; set another with --max-thinking-tokens",
        markup=False,
    )
    return changed(settings, max_thinking_tokens=tokens, fitted_context=context)


async def _context(engine: EngineSettings) -> int | None:
    """The context that the servers state; None for an engine of another package that cannot say it."""
    ask = getattr(engine.builder, "served_context", None)
    return None if ask is None else await ask(engine)
