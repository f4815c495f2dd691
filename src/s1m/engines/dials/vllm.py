"""vLLM: ``thinking_token_budget``, which it enforces, and ``reasoning_effort``, which goes to the chat template.

The budget needs a server started with ``--reasoning-config``, which names the delimiters, or with a reasoning parser;
one without either refuses the field. Servers that share vLLM's fields are asked alike.
"""

from __future__ import annotations

from typing import Any, ClassVar

from s1m.engines.chat.dial import Asking, Dial
from s1m.engines.chat.protocol import chat_request


class Vllm(Dial):
    """vLLM's fields, sampling settings that do nothing included: vLLM would fill in the model's own otherwise."""

    name: ClassVar[str] = "vllm"
    summary: ClassVar[str] = "thinking_token_budget, reasoning_effort"
    owners: ClassVar[tuple[str, ...]] = ("vllm", "sglang")
    least_budget: ClassVar[int | None] = 1
    keeps_budget: ClassVar[bool] = True
    takes_template: ClassVar[bool] = True
    takes_sampling: ClassVar[tuple[str, ...]] = (
        "temperature",
        "top_p",
        "top_k",
        "min_p",
        "repetition_penalty",
        "presence_penalty",
        "seed",
    )
    wants_logprobs: ClassVar[bool] = True

    @classmethod
    def budget_fields(cls, budget: int) -> dict[str, Any]:
        return {"thinking_token_budget": budget}

    @classmethod
    def request(cls, asking: Asking) -> dict[str, Any]:
        return chat_request(
            model=asking.model,
            problem=asking.problem,
            images=asking.images,
            prefix="",
            step=asking.step,
            sampling=asking.sampling,
            options=asking.options,
        )
