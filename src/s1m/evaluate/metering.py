"""Engines that count: the tokens of the first prompt, or all that one problem was charged for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from s1m.types import Completion, Engine, Problem, Sampling, Step, Usage


class CountedEngine:
    """``engine`` for one problem, with the number of tokens of its first prompt."""

    def __init__(self, engine: Engine) -> None:
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
        if self.first_prompt_tokens is None:
            self.first_prompt_tokens = completion.prompt_tokens
        return completion


class MeteredEngine(CountedEngine):
    """The same with the ``usage`` of its replies so far: requests, tokens read and written, images.

    ``first_token`` is the time in seconds from the first request to the first text; None while nothing was streamed.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.usage = Usage()
        self.first_token: float | None = None
        self._asked: float | None = None

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """What the engine generates."""
        if self._asked is None:
            self._asked = time.monotonic()
        completion = await super().generate(problem, self._timed(step), sampling)
        used, read = self.usage, completion.prompt_tokens
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

    def _timed(self, step: Step) -> Step:
        """The step with its listeners timed. None is added to a step without: an engine would stream for it."""
        if self.first_token is not None:
            return step
        at_once = step.at_once and replace(step.at_once, reads=self._noting(step.at_once.reads))
        return replace(step, at_once=at_once, on_text=step.on_text and self._noting(step.on_text))

    def _noting(self, listener: Callable[[str], bool]) -> Callable[[str], bool]:
        def heard(text: str) -> bool:
            if self.first_token is None and self._asked is not None:
                self.first_token = time.monotonic() - self._asked
            return listener(text)

        return heard
