"""Budget forcing inside vLLM, for any OpenAI client: a logits processor that ignores stops and keeps thinking budgets.

    curl ... -d '{"messages": [...], "vllm_xargs": {"num_ignore": 2, "max_thinking_tokens": 4096}}'

It runs in vLLM's own processes and environment, so it imports vLLM, torch and ``s1m.forcing.loops``, and nothing else
of s1m imports it. ``wishes`` reads what a request asks for, ``row`` is the state of one request, ``draw`` draws tokens
as vLLM would, ``processor`` is the class that vLLM loads.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """``BudgetForcing``, imported with vLLM only where it is asked for: ``--logits-processors s1m.vllm_plugin:...``."""
    if name != "BudgetForcing":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from s1m.vllm_plugin.processor import BudgetForcing

    return BudgetForcing
