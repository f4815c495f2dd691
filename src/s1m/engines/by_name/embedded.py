"""``--engine embedded``: a checkpoint in this process."""

from __future__ import annotations

from s1m.engines.builder import BUNDLED, EngineSettings
from s1m.families.finding import Read, read_files
from s1m.types import Engine


class Embedded:
    """Builds the engine that needs no server. Torch is imported when it is built."""

    name = "embedded"
    summary = "a model in this process"
    needs_server = False
    default_concurrency = 64
    """Rows of one batch: on a CPU more of them gain nothing, and each holds its own cache."""
    default_model = BUNDLED
    ready_checks_continuation = False
    passes_options = True

    @classmethod
    def build(cls, settings: EngineSettings) -> Engine:
        from s1m.engines.embedded import EmbeddedEngine

        return EmbeddedEngine(
            settings.model or cls.default_model,
            max_rows=settings.most_in_flight,
            trust_remote_code=settings.trust_remote_code,
            options=settings.request_options,
            device=settings.device or None,
            dtype=settings.dtype,
            attention=settings.attention,
            quantize=settings.quantize,
        )

    @classmethod
    async def served_model(cls, settings: EngineSettings) -> str:
        return settings.model or cls.default_model

    @classmethod
    async def read_template(cls, settings: EngineSettings) -> Read | None:
        from s1m.engines.embedded.checkpoint import place_of

        return read_files(place_of(settings.model or cls.default_model), settings.request_options.template)

    @classmethod
    async def model_sources(cls, settings: EngineSettings) -> list[str]:
        from s1m.engines.embedded.checkpoint import place_of

        return [place_of(settings.model or cls.default_model)]
