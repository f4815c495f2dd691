"""llama.cpp: ``thinking_budget_tokens``, which its sampler enforces where the chat template is one that it knows."""

from __future__ import annotations

from typing import Any, ClassVar

from s1m.engines.chat.dial import Asking
from s1m.engines.chat.prefill import PENALISED_TOKENS
from s1m.engines.dials.vllm import Vllm


class LlamaCpp(Vllm):
    """vLLM's fields, but for the budget and the repetition penalty."""

    name: ClassVar[str] = "llamacpp"
    summary: ClassVar[str] = "thinking_budget_tokens, reasoning_effort"
    owners: ClassVar[tuple[str, ...]] = ("llamacpp",)

    @classmethod
    def budget_fields(cls, budget: int) -> dict[str, Any]:
        return {"thinking_budget_tokens": budget}

    @classmethod
    def request(cls, asking: Asking) -> dict[str, Any]:
        penalty = {"repeat_penalty": asking.sampling.repetition_penalty, "repeat_last_n": PENALISED_TOKENS}
        return super().request(asking) | penalty
