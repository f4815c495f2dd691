"""``--engine vllm``, ``sglang``, ``llamacpp`` and ``http``: servers, at the level of tokens or text, or as chat."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from s1m.engines.builder import EngineSettings
from s1m.engines.dials import AUTO, dial_of_addresses, dial_of_owners, find_dial
from s1m.errors import S1mError
from s1m.families.finding import Read, read_files
from s1m.types import Engine

if TYPE_CHECKING:
    from s1m.engines.remote import Servers


class Http:
    """Builds the engine for any OpenAI-compatible chat server."""

    name = "http"
    summary = "any OpenAI-compatible chat server"
    needs_server = True
    default_concurrency = 256
    """Enough for one large GPU; each problem in flight holds its images in memory, encoded."""
    default_model = ""
    ready_checks_continuation = True
    passes_options = True
    takes_dial = True

    @classmethod
    def build(cls, settings: EngineSettings) -> Engine:
        from s1m.engines.chat import ChatEngine

        return ChatEngine(servers_of(settings), settings.model, options=settings.request_options, dial=settings.dial)

    @classmethod
    async def served_dial(cls, settings: EngineSettings) -> str:
        """The dial of the servers: the given one, that of their addresses, or of what they call themselves."""
        from s1m.engines.remote.models import find_owners

        if settings.dial != AUTO:
            return settings.dial
        if known := dial_of_addresses(settings.base_url):
            return known
        async with open_servers(settings) as servers:
            return dial_of_owners(await find_owners(servers)) or AUTO

    @classmethod
    async def served_model(cls, settings: EngineSettings) -> str:
        from s1m.engines.remote.models import find_model

        async with open_servers(settings) as servers:
            return await find_model(servers)

    @classmethod
    async def read_template(cls, settings: EngineSettings) -> Read | None:
        """By the model's name, where its files are on this machine: a chat server shows no template."""
        try:
            return read_files(settings.model, settings.request_options.template, download=False)
        except S1mError:
            return None

    @classmethod
    async def model_sources(cls, settings: EngineSettings) -> list[str]:
        """The model's name, and what the server says it has loaded."""
        from s1m.engines.remote.models import find_root

        async with open_servers(settings) as servers:
            root = await find_root(servers, settings.model)
        return [source for source in dict.fromkeys((root, settings.model)) if source]

    @classmethod
    async def served_context(cls, settings: EngineSettings) -> int | None:
        from s1m.engines.remote.models import find_context

        async with open_servers(settings) as servers:
            return await find_context(servers, settings.model)


class Vllm(Http):
    """Builds the engine that continues a vLLM server's own tokens. Its server offers models as a chat server does."""

    name = "vllm"
    summary = "a vLLM server, token by token"
    ready_checks_continuation = False

    @classmethod
    def build(cls, settings: EngineSettings) -> Engine:
        from s1m.engines.vllm import VllmEngine

        return VllmEngine(servers_of(settings), settings.model, options=settings.request_options, dial=settings.dial)

    @classmethod
    async def read_template(cls, settings: EngineSettings) -> Read | None:
        from s1m.engines.vllm.template import read_served_template

        read = await read_served_template(servers_of(settings, tries=2), settings.model, settings.request_options)
        return read or await super().read_template(settings)


class LlamaCpp(Http):
    """Builds the engine that continues text on llama.cpp's server, which offers its model as a chat server does."""

    name = "llamacpp"
    summary = "a llama.cpp server, text by text"
    ready_checks_continuation = False

    @classmethod
    def build(cls, settings: EngineSettings) -> Engine:
        from s1m.engines.llamacpp import LlamaCppEngine

        return LlamaCppEngine(
            servers_of(settings), settings.model, options=settings.request_options, dial=settings.dial
        )

    @classmethod
    async def served_context(cls, settings: EngineSettings) -> int | None:
        engine = cls.build(settings)
        try:
            await engine.ready()
            return engine.context_tokens
        finally:
            await engine.close()

    @classmethod
    async def read_template(cls, settings: EngineSettings) -> Read | None:
        from s1m.engines.llamacpp.template import read_served_template

        read = await read_served_template(servers_of(settings, tries=2), settings.request_options)
        return read or await super().read_template(settings)


class Sglang(Http):
    """Builds the engine that continues text on an SGLang server, which offers its model as a chat server does."""

    name = "sglang"
    summary = "an SGLang server, text by text (never run against a real one)"
    ready_checks_continuation = False

    @classmethod
    def build(cls, settings: EngineSettings) -> Engine:
        from s1m.engines.sglang import SglangEngine

        return SglangEngine(servers_of(settings), settings.model, options=settings.request_options, dial=settings.dial)


def servers_of(settings: EngineSettings, *, tries: int | None = None) -> Servers:
    """The servers that settings name, each with its concurrency limit and the patience of the settings.

    ``tries`` is for questions that some servers answer with an error of their own, which waiting does not cure.
    """
    from s1m.engines.remote import Patience, Servers

    patience = Patience(timeout_seconds=settings.timeout_seconds)

    return Servers(
        settings.base_url,
        os.environ.get("S1M_API_KEY"),
        max_concurrency=settings.concurrency_each,
        patience=patience if tries is None else replace(patience, max_retries=tries - 1),
        headers=headers_of(settings),
    )


@asynccontextmanager
async def open_servers(settings: EngineSettings) -> AsyncIterator[Servers]:
    """The servers that settings name, closed at the end of the block."""
    servers = servers_of(settings)
    try:
        yield servers
    finally:
        await servers.close()


def headers_of(settings: EngineSettings) -> Callable[[str | None], Mapping[str, str]]:
    """What makes the headers that carry the key to the servers of the settings."""
    from s1m.engines.remote.connection import bearer

    name = dial_of_addresses(settings.base_url) if settings.dial == AUTO else settings.dial
    return find_dial(name).headers if name else bearer
