"""A vLLM behind LiteLLM's proxy 1.108: replies and refusals as the proxy sent them, read as if vLLM had."""

from __future__ import annotations

from typing import Any

import pytest

from s1m.engines.remote.retry import wait_asked
from s1m.errors import EngineError, EngineUnavailable, PromptTooLong
from tests.engines.asking import always, ask, read, step
from tests.engines.chat_server import Answer, ChatServer, answer

NO_FALLBACK = "\n\nLiteLLM: model group 'digits' failed with the error above. No fallback was attempted."
TOO_HIGH = (
    'litellm.BadRequestError: Hosted_vllmException - {"error":{"message":"max_tokens=8448 cannot be greater than '
    "max_model_len=4096. Please request fewer output tokens. (parameter=max_tokens, value=8448)"
    f'","type":"BadRequestError","param":"max_tokens","code":400}}}}{NO_FALLBACK}'
)


def passed_on(thought: str, stop_reason: str | None, tokens: int = 19) -> Answer:
    """A thought that vLLM's reasoning parser split away."""
    moved = {"routed_experts": None, "stop_reason": stop_reason, "token_ids": None}
    message = {
        "role": "assistant",
        "reasoning_content": thought,
        "provider_specific_fields": {"reasoning": thought},
        "content": None,
        "refusal": None,
    }
    choice = {
        "finish_reason": "stop",
        "index": 0,
        "message": message,
        "provider_specific_fields": moved,
        "logprobs": None,
    }
    usage = {"completion_tokens": tokens, "prompt_tokens": 25, "completion_tokens_details": {"reasoning_tokens": 0}}
    return answer({"object": "chat.completion", "model": "digits", "choices": [choice], "usage": usage})


@pytest.mark.parametrize(("stop_reason", "finish"), [("</think>", "stop"), ("\n\n", "eos"), (None, "eos")])
def test_the_stop_that_the_proxy_moved_is_read(stop_reason: str | None, finish: str) -> None:
    asked = step(max_tokens=60)
    assert read(passed_on(" 166, so far 166.\n", stop_reason), asked).finish == finish


@pytest.mark.parametrize("moved", ["</think>", [], {"stop_reason": ["</think>"]}])
def test_other_fields_of_that_name_mean_nothing(moved: object) -> None:
    choice = {"message": {"content": "4"}, "finish_reason": "stop", "provider_specific_fields": moved}
    assert read(answer({"choices": [choice], "usage": {"completion_tokens": 2}})).finish == "eos"


def test_a_minimum_of_tokens_that_the_proxy_drops_ends_the_run() -> None:
    with pytest.raises(EngineUnavailable, match=r"after 19 tokens where at least 60 .* ignores min_tokens"):
        read(passed_on("so 4", "</think>"), step(max_tokens=128, min_tokens=60))
    kept = read(passed_on("so 4", "</think>", tokens=59), step(max_tokens=128, min_tokens=60))
    assert kept.tokens == 59  # by a server that does not count the token that ended it
    cut = {"choices": [{"message": {"content": "so"}, "finish_reason": "length"}], "usage": {"completion_tokens": 3}}
    assert read(answer(cut), step(max_tokens=60, min_tokens=60)).finish == "length"


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (
            {"message": "No connected db.", "type": "no_db_connection", "param": None, "code": "400"},
            EngineUnavailable,
            "refused the key .*No connected db.*S1M_API_KEY",
        ),
        (
            {"message": TOO_HIGH, "type": "invalid_request_error", "param": None, "code": "400"},
            PromptTooLong,
            "fewer tokens than a reply may take .*max_model_len=4096.*lower --max-thinking-tokens",
        ),
        (
            {"message": "max_tokens is too large: 32768. This model supports at most 16384 completion tokens."},
            PromptTooLong,
            "lower --max-thinking-tokens",
        ),
    ],
)
def test_its_refusals_say_what_to_do(error: dict[str, Any], kind: type[EngineError], says: str) -> None:
    with ChatServer(always(answer({"error": error}, 400))) as server:
        with pytest.raises(kind, match=says):
            ask(server)
        assert len(server.requests) == 1


def test_the_wait_that_a_server_behind_the_proxy_asks_for_is_kept() -> None:
    assert wait_asked({"llm_provider-retry-after": "60"}) == "60"
    assert wait_asked({"llm_provider-retry-after": "60", "retry-after": "5"}) == "5"
