"""An engine that counts what one problem was charged for: requests, tokens read and written, images sent."""

from __future__ import annotations

from dataclasses import replace

from s1m.types import Completion, Engine, Problem, Sampling, Step, Usage


class MeteredEngine:
    """``engine`` for one problem, with the ``usage`` of its replies so far."""

    def __init__(self, engine: Engine) -> None:
        self.usage = Usage()
        self.first_prompt_tokens: int | None = None
        """Of the first request whose prompt was counted: the question, and the opening delimiter of the turn."""
        self.name = engine.name
        self.can_show_images_again = engine.can_show_images_again
        self.context_tokens = engine.context_tokens
        self._engine = engine

    async def ready(self) -> None:
        """As the engine."""
        await self._engine.ready()

    async def close(self) -> None:
        """As the engine."""
        await self._engine.close()

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """What the engine generates."""
        completion = await self._engine.generate(problem, step, sampling)
        used, read = self.usage, completion.prompt_tokens
        if self.first_prompt_tokens is None:
            self.first_prompt_tokens = read
        shown = 1 + sum(piece.images for piece in step.prefix)
        self.usage = replace(
            used,
            requests=used.requests + 1,
            prompt_tokens=None if used.prompt_tokens is None or read is None else used.prompt_tokens + read,
            cached_tokens=used.cached_tokens + completion.cached_tokens,
            output_tokens=used.output_tokens + completion.tokens,
            images=used.images + shown * len(problem.images),
        )
        return completion
