"""Gemini at its OpenAI-compatible address: ``reasoning_effort``, or ``thinking_config`` with a ``thinking_budget``.

    https://generativelanguage.googleapis.com/v1beta/openai

Its ``completion_tokens`` leave the thinking out and ``total_tokens`` hold it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from s1m.engines.chat.dial import Asking, Dial
from s1m.engines.chat.reply import read_reply
from s1m.engines.chat.whole import whole_completion
from s1m.types import Completion


class Gemini(Dial):
    """Google's fields within ``extra_body``, which is part of the JSON here and not of a client."""

    name: ClassVar[str] = "gemini"
    summary: ClassVar[str] = "thinking_config, reasoning_effort"
    hosts: ClassVar[tuple[str, ...]] = ("generativelanguage.googleapis.com", "aiplatform.googleapis.com")
    efforts: ClassVar[tuple[str, ...]] = ("none", "minimal", "low", "medium", "high")
    least_budget: ClassVar[int | None] = 1

    @classmethod
    def budget_fields(cls, budget: int) -> dict[str, Any]:
        config = {"thinking_budget": budget, "include_thoughts": budget > 0}
        return {"extra_body": {"google": {"thinking_config": config}}}

    @classmethod
    def read(cls, body: bytes, asking: Asking) -> Completion:
        written = read_reply(body)
        prompt, spoken, total = written.prompt_tokens, written.completion_tokens, written.total_tokens
        if None not in (prompt, spoken, total) and written.reasoning_tokens is None:
            generated = (total or 0) - (prompt or 0)
            if generated > (spoken or 0):
                thought = generated - (spoken or 0)
                written = replace(written, completion_tokens=generated, reasoning_tokens=thought)
        return whole_completion(written, asking.step, asking.whole)
