"""Servers that speak as each provider does: their fields and no others, their replies, counts and refusals.

Around a small model that thinks in words, as many as its effort or its budget says, and then answers "4".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.engines.chat_server import Answer, Behaviour, Request, answer

WORDS = {"none": 0, "minimal": 2, "low": 4, "medium": 8, "high": 16, "xhigh": 32}
UNASKED = 8
"""Words of thinking where nothing is asked for."""
ANSWER = "4"
ANSWER_TOKENS = 1
FIELDS = {"model", "messages", "seed", "temperature", "top_p", "presence_penalty", "logprobs"}


def thought(words: int) -> str:
    return " ".join(["hm"] * words)


def models(owner: str) -> Answer:
    return answer({"object": "list", "data": [{"id": "m", "object": "model", "owned_by": owner}]})


def refuses(message: str, status: int = 400, **fields: Any) -> Answer:
    return answer({"error": {"message": message, "type": "invalid_request_error", **fields}}, status)


def chat(
    content: str,
    *,
    tokens: int,
    reasoning: int | None = None,
    message: Mapping[str, Any] | None = None,
    total: int | None = None,
    **choice: Any,
) -> Answer:
    """A chat reply with the counts of its tokens."""
    usage: dict[str, Any] = {"prompt_tokens": 10, "completion_tokens": tokens, "total_tokens": total or 10 + tokens}
    if reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    said = {"role": "assistant", "content": content, **(message or {})}
    return answer({"choices": [{"message": said, "finish_reason": "stop", **choice}], "usage": usage})


def openai(request: Request) -> Answer:
    """Refuses what it does not know, as its reasoning models do; hides the thinking and counts it."""
    if request.method == "GET":
        return models("openai")
    body = request.body
    if "max_tokens" in body:
        return refuses("Unsupported parameter: 'max_tokens' is not supported with this model. Use another.")
    for name in body:
        if name not in FIELDS | {"max_completion_tokens", "reasoning_effort"}:
            return refuses(f"Unrecognized request argument supplied: {name}")
    for name in ("temperature", "top_p"):
        if body.get(name, 1) != 1:
            return refuses(f"Unsupported value: '{name}' does not support {body[name]} with this model.")
    words = WORDS[body["reasoning_effort"]] if "reasoning_effort" in body else UNASKED
    return chat(ANSWER, tokens=words + ANSWER_TOKENS, reasoning=words, message={"refusal": None})


def openrouter(request: Request) -> Answer:
    if request.method == "GET":
        return answer({"data": [{"id": "m"}]})
    asked = request.body.get("reasoning", {})
    words = 0 if asked.get("enabled") is False else WORDS.get(asked.get("effort", ""), UNASKED)
    words = min(words, asked.get("max_tokens", words))
    shown = {"reasoning": thought(words), "refusal": None}
    return chat(ANSWER, tokens=words + ANSWER_TOKENS, reasoning=words, message=shown, native_finish_reason="stop")


def anthropic(request: Request) -> Answer:
    """The Messages API; it counts output as a whole."""
    if request.headers.get("x-api-key") != "sk-very-secret-0123456789" or "anthropic-version" not in request.headers:
        return refuses("x-api-key header is required", 401)
    if request.method == "GET":
        return answer({"data": [{"id": "m", "type": "model"}]})
    body = request.body
    assert request.path == "/v1/messages"
    for name in body:
        if name not in {
            "model",
            "messages",
            "max_tokens",
            "system",
            "temperature",
            "top_p",
            "thinking",
            "output_config",
        }:
            return refuses(f"{name}: Extra inputs are not permitted")
    thinking = body.get("thinking", {"type": "disabled"})
    if thinking["type"] == "enabled":
        assert 1024 <= thinking["budget_tokens"] < body["max_tokens"]
    words = WORDS[body["output_config"]["effort"]] if "output_config" in body else UNASKED
    blocks = (
        [] if thinking["type"] == "disabled" else [{"type": "thinking", "thinking": thought(words), "signature": "x"}]
    )
    words = words if blocks else 0
    return answer(
        {
            "type": "message",
            "content": [*blocks, {"type": "text", "text": ANSWER}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 10, "output_tokens": words + ANSWER_TOKENS},
        }
    )


def gemini(request: Request) -> Answer:
    """Its OpenAI-compatible address: thoughts within the content, and in none of the counts but the total."""
    assert request.path.startswith("/v1beta/openai/")
    if request.method == "GET":
        return answer({"object": "list", "data": [{"id": "m", "owned_by": "google"}]})
    body = request.body
    for name in body:
        if name not in FIELDS | {"max_tokens", "reasoning_effort", "extra_body"}:
            return refuses(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    config = body.get("extra_body", {}).get("google", {}).get("thinking_config", {})
    words = WORDS[body["reasoning_effort"]] if "reasoning_effort" in body else UNASKED
    words = min(words, config.get("thinking_budget", words))
    shown = f"<thought>{thought(words)}</thought>" if config.get("include_thoughts") and words else ""
    return chat(shown + ANSWER, tokens=ANSWER_TOKENS, total=10 + words + ANSWER_TOKENS)


def vllm(*, configured: bool = True, ignores: bool = False, parser: bool = False) -> Behaviour:
    """vLLM with its reasoning configured or not; ``ignores``: one so old that it passes over the budget."""

    def behave(request: Request) -> Answer:
        if request.method == "GET":
            return models("vllm")
        body = request.body
        if "thinking_token_budget" in body and not configured:
            return refuses(
                "thinking_token_budget is set but reasoning_config is not configured. Please set --reasoning-parser "
                "and/or --reasoning-config to use thinking_token_budget."
            )
        words = WORDS[body["reasoning_effort"]] if "reasoning_effort" in body else UNASKED
        words = words if ignores else min(words, body.get("thinking_token_budget", words))
        thinking = ["<think>", *["hm "] * words, "</think>"]
        listed = {"content": [{"token": token, "logprob": -0.5, "bytes": []} for token in [*thinking, ANSWER]]}
        logprobs: dict[str, Any] = {"logprobs": listed} if body.get("logprobs") else {}
        tokens = len(thinking) + ANSWER_TOKENS
        if parser:
            return chat(ANSWER, tokens=tokens, reasoning=words, message={"reasoning": thought(words)}, **logprobs)
        return chat("".join(thinking) + ANSWER, tokens=tokens, **logprobs)

    return behave


def llamacpp(request: Request) -> Answer:
    if request.method == "GET":
        return models("llamacpp")
    words = min(UNASKED, request.body.get("thinking_budget_tokens", UNASKED))
    return chat(ANSWER, tokens=words + 2 + ANSWER_TOKENS, message={"reasoning_content": thought(words)})


def strict(behave: Behaviour, *unknown: str) -> Behaviour:
    """The same server, which refuses some fields by name."""

    def refusing(request: Request) -> Answer:
        named = [name for name in unknown if name in request.body]
        return refuses(f"Unrecognized request argument supplied: {named[0]}") if named else behave(request)

    return refusing


PROVIDERS: Mapping[str, Callable[[Request], Answer]] = {
    "openai": openai,
    "openrouter": openrouter,
    "anthropic": anthropic,
    "gemini": gemini,
    "vllm": vllm(),
    "llamacpp": llamacpp,
}
