"""From settings to the things they name: which engine, and what is resolved before a run folder is claimed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TypeVar

from s1m.engines.chat import ChatEngine
from s1m.engines.concurrency import SERVER_CONCURRENCY
from s1m.engines.llamacpp import LlamaCppEngine
from s1m.engines.remote import Patience, Servers
from s1m.engines.vllm import VllmEngine
from s1m.errors import UsageError
from s1m.evaluate.settings import EvalSettings
from s1m.types import Benchmark, Engine

S = TypeVar("S", bound=EvalSettings)


def resolve(settings: S, benchmark: Benchmark) -> S:
    """Settings with every default that depends on the benchmark or engine filled in, as the run folder keeps them."""
    return replace(
        settings,
        split=settings.split or benchmark.splits[0],
        model=settings.model or ("bundled" if settings.engine == "embedded" else ""),
        out=str(settings.run_folder),
    )


async def name_model(settings: S) -> S:
    """Settings that name the model also where a server was left to say it, so that no run mixes two."""
    if settings.model or settings.engine == "embedded":
        return settings
    engine = ChatEngine(_servers(settings))
    try:
        return replace(settings, model=await engine.served_model())
    finally:
        await engine.close()


def check_budget(settings: EvalSettings, engine: Engine) -> None:
    """Raises ``UsageError`` when the budgets cannot fit the engine's context, whatever the prompt."""
    wanted = settings.max_thinking_tokens + settings.max_answer_tokens
    if engine.context_tokens is not None and wanted >= engine.context_tokens:
        raise UsageError(
            f"thinking and answer may take {settings.max_thinking_tokens} + {settings.max_answer_tokens} tokens, but "
            f"{settings.model} has a context of {engine.context_tokens}: lower --max-thinking-tokens"
        )


def build_engine(settings: EvalSettings) -> Engine:
    """The engine that the settings name, loaded. Raises ``EngineUnavailable`` or ``UsageError`` when it cannot be."""
    if settings.engine == "vllm":
        return VllmEngine(_servers(settings), settings.model)
    if settings.engine == "llamacpp":
        return LlamaCppEngine(_servers(settings), settings.model)
    if settings.engine == "http":
        return ChatEngine(_servers(settings), settings.model)
    from s1m.engines.embedded import EmbeddedEngine

    return EmbeddedEngine(
        settings.model, max_rows=settings.most_in_flight, trust_remote_code=settings.trust_remote_code
    )


def _servers(settings: EvalSettings) -> Servers:
    return Servers(
        settings.base_url,
        os.environ.get("S1M_API_KEY"),
        max_concurrency=settings.concurrency or SERVER_CONCURRENCY,
        patience=Patience(timeout_seconds=settings.timeout_seconds),
    )
