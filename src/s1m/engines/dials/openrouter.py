"""OpenRouter: ``reasoning: {"effort": ...}`` or ``{"max_tokens": ...}``, which it turns into what each provider takes.

For providers that know only the other of the two it converts, so a budget may be kept loosely, or not at all.
"""

from __future__ import annotations

from typing import Any, ClassVar

from s1m.engines.chat.dial import Dial


class OpenRouter(Dial):
    """OpenRouter's own field; sampling settings go on to providers that take them."""

    name: ClassVar[str] = "openrouter"
    summary: ClassVar[str] = "reasoning"
    hosts: ClassVar[tuple[str, ...]] = ("openrouter.ai",)
    least_budget: ClassVar[int | None] = 1
    takes_sampling: ClassVar[tuple[str, ...]] = (*Dial.takes_sampling, "top_k", "min_p", "repetition_penalty")

    @classmethod
    def effort_fields(cls, effort: str) -> dict[str, Any]:
        return {"reasoning": {"effort": effort}}

    @classmethod
    def budget_fields(cls, budget: int) -> dict[str, Any]:
        return {"reasoning": {"max_tokens": budget} if budget else {"enabled": False}}
