"""Each provider's dialect: how an effort and a budget are spelled, how thinking is separated and counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from s1m.engines.chat import ChatEngine
from s1m.engines.chat.dial import Asking, check_turned
from s1m.engines.dials import DIALS, dial_of_addresses, dial_of_owners, find_dial
from s1m.engines.remote import Patience, Servers
from s1m.engines.remote.connection import bearer
from s1m.errors import EngineError, EngineUnavailable, UsageError, Withheld
from s1m.types import Completion, RequestOptions, Sampling, Step, Turn, WholeReply
from tests.engines.asking import FAST, KEY, always, in_turn, problem
from tests.engines.chat_server import Answer, Behaviour, ChatServer, answer
from tests.engines.providers import PROVIDERS, UNASKED, WORDS, chat, refuses, strict, vllm
from tests.engines.remote.test_images import encoded

NEUTRAL = Sampling(temperature=1.0)


def whole(*, effort: str = "", budget: int | None = None, most: int = 4096) -> Step:
    asked = WholeReply(thinking_open="<think>\n", thinking_close="</think>", effort=effort, budget=budget)
    return Step(prefix=(), stop=(), max_tokens=most, seed=5, whole=asked)


def ask(
    behave: Behaviour,
    *steps: Step,
    dial: str = "auto",
    images: Sequence[bytes] = (),
    sampling: Sampling = NEUTRAL,
    options: RequestOptions | None = None,
) -> tuple[list[Completion], ChatServer]:
    """What a fresh engine makes of the steps, one after another, and the server that it asked."""

    async def main(url: str) -> list[Completion]:
        headers = bearer if dial == "auto" else find_dial(dial).headers
        patience = Patience(backoff=FAST, timeout_seconds=5.0, start_seconds=0.3, outage_seconds=0.3, max_retries=2)
        servers = Servers(url + ("/v1beta/openai" if dial == "gemini" else ""), KEY, patience=patience, headers=headers)
        engine = ChatEngine(servers, "m", dial=dial, options=options or RequestOptions())
        try:
            await engine.ready_to_reply()
            return [await engine.generate(problem(*images), step, sampling) for step in steps]
        finally:
            await engine.close()

    with ChatServer(behave) as server:
        return asyncio.run(main(server.url)), server


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_direct_reply_has_its_thinking_separated_and_counted(name: str) -> None:
    (reply,), _ = ask(PROVIDERS[name], whole(), dial=name)
    thinks = name != "anthropic"  # which thinks only where it is asked to
    assert (reply.text, reply.finish) == ("4", "eos")
    if name in ("openai", "gemini"):
        assert (reply.thinking, reply.thinking_tokens) == ("", UNASKED)
    elif thinks and name != "llamacpp":
        assert (reply.thinking or "").split() == ["hm"] * UNASKED
        assert reply.thinking_tokens == UNASKED
    assert reply.tokens >= (UNASKED if thinks else 1)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("openai", {"reasoning_effort": "high"}),
        ("openrouter", {"reasoning": {"effort": "high"}}),
        (
            "anthropic",
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}},
        ),
        ("gemini", {"reasoning_effort": "high"}),
        ("vllm", {"reasoning_effort": "high"}),
        ("llamacpp", {"reasoning_effort": "high"}),
    ],
)
def test_an_effort_is_spelled_as_the_provider_does(name: str, fields: dict[str, Any]) -> None:
    (reply,), server = ask(PROVIDERS[name], whole(effort="high"), dial=name)
    assert server.bodies()[-1].items() >= fields.items()
    if name not in ("anthropic", "llamacpp"):  # neither counts its thinking
        assert reply.thinking_tokens == WORDS["high"]


@pytest.mark.parametrize(
    ("name", "fields", "off"),
    [
        ("openrouter", {"reasoning": {"max_tokens": 2048}}, {"reasoning": {"enabled": False}}),
        (
            "anthropic",
            {"thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}},
            {"thinking": {"type": "disabled"}},
        ),
        (
            "gemini",
            {"extra_body": {"google": {"thinking_config": {"thinking_budget": 2048, "include_thoughts": True}}}},
            {"extra_body": {"google": {"thinking_config": {"thinking_budget": 0, "include_thoughts": False}}}},
        ),
        ("vllm", {"thinking_token_budget": 2048}, {"thinking_token_budget": 0}),
        ("llamacpp", {"thinking_budget_tokens": 2048}, {"thinking_budget_tokens": 0}),
    ],
)
def test_a_budget_is_spelled_as_the_provider_does(name: str, fields: dict[str, Any], off: dict[str, Any]) -> None:
    (thinking, silent), server = ask(PROVIDERS[name], whole(budget=2048), whole(budget=0), dial=name)
    assert server.bodies()[-2].items() >= fields.items()
    assert server.bodies()[-1].items() >= off.items()
    assert (thinking.thinking or "").split() == ["hm"] * UNASKED
    assert (silent.thinking or "", silent.thinking_tokens) == ("", 0)


def test_thinking_tokens_stay_within_the_budget_that_vllm_keeps() -> None:
    for parser in (False, True):
        replies, _ = ask(vllm(parser=parser), *(whole(budget=budget) for budget in (1, 3, 6)), dial="vllm")
        assert [reply.thinking_tokens for reply in replies] == [1, 3, 6]


def test_a_server_that_ignores_its_budget_ends_the_run() -> None:
    with pytest.raises(EngineUnavailable, match=r"8 tokens of thinking where its budget was 3 .*thinking_token_budget"):
        ask(vllm(ignores=True), whole(budget=3), dial="vllm")


def test_a_budget_that_is_only_a_wish_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    wishful = always(chat("4", tokens=9, reasoning=8))
    with caplog.at_level(logging.WARNING, logger="s1m"):
        ask(wishful, whole(budget=3), whole(budget=3), dial="openrouter")
    assert [record.message.count("does not enforce it") for record in caplog.records] == [1]


def test_vllm_without_its_reasoning_configured_is_named_and_nothing_else_tried() -> None:
    with pytest.raises(EngineUnavailable, match="--reasoning-config"), ChatServer(vllm(configured=False)) as server:
        asyncio.run(_once(server.url, whole(budget=3)))
    assert all("thinking_budget_tokens" not in body for body in server.bodies())


async def _once(url: str, step: Step) -> Completion:
    engine = ChatEngine(Servers(url, patience=Patience(backoff=FAST)), "m")
    try:
        return await engine.generate(problem(), step, NEUTRAL)
    finally:
        await engine.close()


def test_an_unknown_server_is_asked_in_the_first_words_it_does_not_refuse() -> None:
    replies, server = ask(PROVIDERS["openai"], whole(effort="low"), whole(effort="low"))
    assert [reply.thinking_tokens for reply in replies] == [4, 4]
    bodies = server.bodies()
    assert "max_completion_tokens" in bodies[-1]
    assert "max_tokens" in bodies[0]
    assert sum("max_completion_tokens" in body for body in bodies) == 2, "the second reply is asked for at once"


def test_probabilities_are_left_out_where_they_are_refused() -> None:
    (reply,), server = ask(strict(vllm(), "logprobs"), whole(), dial="vllm")
    assert "logprobs" not in server.bodies()[-1]
    assert (reply.text, reply.thinking_tokens) == ("4", None), "not counted, so estimated by the strategy"


def test_a_setting_that_the_provider_refuses_ends_the_run_and_says_what_to_do() -> None:
    with pytest.raises(EngineUnavailable, match=r"temperature.*add --temperature 1"):
        ask(PROVIDERS["openai"], whole(), dial="openai", sampling=Sampling(temperature=0.6))


def test_images_and_a_system_prompt_travel_as_anthropic_wants_them() -> None:
    options = RequestOptions(system_prompt="Be brief.")
    _, server = ask(PROVIDERS["anthropic"], whole(), dial="anthropic", images=[encoded("PNG")], options=options)
    body = server.bodies()[-1]
    picture, question = body["messages"][0]["content"]
    assert body["system"] == "Be brief."
    assert picture["source"]["media_type"] == "image/png"
    assert not picture["source"]["data"].startswith("data:")
    assert question["text"] == "How many?"
    assert "seed" not in body


@pytest.mark.parametrize(
    ("dial", "reply", "kind"),
    [
        ("openai", chat("", tokens=5, message={"refusal": "I can't help with that."}), "refusal"),
        ("openai", chat("The ans", tokens=5, finish_reason="content_filter"), "content filter"),
        ("openrouter", refuses("Your input was flagged", 403, metadata={"flagged_input": "..."}), "content filter"),
        ("openai", refuses("blocked", 400, code="content_filter"), "content filter"),
        ("gemini", chat("", tokens=0, finish_reason="PROHIBITED_CONTENT"), "content filter"),
        (
            "anthropic",
            answer({"content": [], "stop_reason": "refusal", "usage": {"output_tokens": 1}}),
            "refusal",
        ),
        ("anthropic", refuses("Output blocked by content filtering policy"), "content filter"),
        (
            "openrouter",
            answer({"error": {"code": 403, "message": "m", "metadata": {"flagged_input": "x"}}}),
            "content filter",
        ),
    ],
)
def test_a_refusal_or_a_filter_is_classed_and_never_an_answer(dial: str, reply: Answer, kind: str) -> None:
    def behave(request: Any) -> Answer:
        return answer({"data": [{"id": "m"}]}) if request.method == "GET" else reply

    with pytest.raises(Withheld) as caught:
        ask(behave, whole(), dial=dial)
    assert caught.value.kind == kind
    assert not isinstance(caught.value, EngineUnavailable)


@pytest.mark.parametrize(
    "fault",
    [
        answer({"error": {"message": "slow down", "type": "rate_limit_error"}}, 429),
        answer({"error": {"message": "slow down"}}, 429, retry_after="0.01"),
        answer({"error": {"message": "slow down"}}, 429, retry_after_ms="10"),
        answer({"error": {"code": 429, "message": "rate limited upstream"}}),
        answer({"error": {"code": 502, "message": "Provider returned error"}}),
        answer({"choices": [{"error": {"code": 502, "message": "x"}, "message": {}, "finish_reason": "error"}]}),
        answer({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, 529),
    ],
)
def test_a_passing_failure_is_tried_again(fault: Answer) -> None:
    listed = answer({"data": [{"id": "m"}]})
    (reply,), server = ask(in_turn(listed, fault, chat("4", tokens=1)), whole(), dial="openrouter")
    assert reply.text == "4"
    assert len(server.bodies()) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}),
        (402, {"error": {"message": "Insufficient credits", "code": 402}}),
        (400, {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low"}}),
        (200, {"error": {"message": "Insufficient credits", "code": 402}}),
    ],
)
def test_an_empty_account_ends_the_run_at_once(status: int, body: dict[str, Any]) -> None:
    listed = answer({"data": [{"id": "m"}]})
    with pytest.raises(EngineUnavailable, match="no credit left"):
        ask(in_turn(listed, answer(body, status)), whole(), dial="openrouter")


def test_a_reply_longer_than_asked_for_fails_and_is_not_paid_for_again() -> None:
    with (
        ChatServer(always(chat("4", tokens=900))) as server,
        pytest.raises(EngineError, match="generated 900 tokens where at most 100"),
    ):
        asyncio.run(_once(server.url, whole(most=100)))
    assert len(server.bodies()) == 1


def test_a_rate_limit_that_lasts_is_classed() -> None:
    listed = answer({"data": [{"id": "m"}]})
    with pytest.raises(EngineError) as caught:
        ask(in_turn(listed, answer({"error": {"message": "slow"}}, 429)), whole(), dial="openrouter")
    assert caught.value.kind == "rate limited"


@pytest.mark.parametrize(
    ("url", "dial"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "openai"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("https://api.anthropic.com", "anthropic"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("http://127.0.0.1:8000/v1", ""),
        ("https://notopenai.com/v1", ""),
    ],
)
def test_the_dial_of_a_hosted_server_is_known_from_its_address(url: str, dial: str) -> None:
    assert dial_of_addresses([url, url]) == dial


def test_providers_are_not_mixed_and_owners_tell_servers_of_ones_own() -> None:
    with pytest.raises(UsageError, match="openai, openrouter; name those of one"):
        dial_of_addresses(["https://api.openai.com/v1", "https://openrouter.ai/api/v1"])
    assert dial_of_owners(["vllm"]) == "vllm"
    assert dial_of_owners(["llamacpp"]) == "llamacpp"
    assert dial_of_owners(["vllm", "llamacpp"]) == dial_of_owners(["me"]) == dial_of_owners([]) == ""


def test_what_a_dial_cannot_turn_is_refused_with_what_it_can() -> None:
    with pytest.raises(UsageError, match="takes no thinking budget; use --strategy effort"):
        check_turned(find_dial("openai"), budgets=[512])
    with pytest.raises(UsageError, match="from 1024 tokens, not 512"):
        check_turned(find_dial("anthropic"), budgets=[0, 512])
    with pytest.raises(UsageError, match="no reasoning effort 'xhigh': it takes none, minimal, low"):
        check_turned(find_dial("gemini"), efforts=["low", "xhigh"])


def test_every_dial_is_found_by_its_file() -> None:
    assert list(DIALS.built_in()) == ["anthropic", "gemini", "llamacpp", "openai", "openrouter", "vllm"]


@pytest.mark.parametrize("name", ["openai", "anthropic", "vllm"])
def test_earlier_turns_and_a_system_turn_are_sent_in_order(name: str) -> None:
    turns = (
        Turn(role="system", text="Be brief."),
        Turn(role="user", text="What is it?", images=(b"cat",)),
        Turn(role="assistant", text="A cat."),
    )
    step = whole()
    assert step.whole is not None
    body = find_dial(name).request(
        Asking(
            model="m",
            problem=replace(problem(b"dog"), turns=turns),
            images=("data:image/png;base64,Y2F0", "data:image/png;base64,ZG9n"),
            step=step,
            whole=step.whole,
            sampling=NEUTRAL,
            options=RequestOptions(system_prompt="Think."),
        )
    )
    said = [message for message in body["messages"] if message["role"] != "system"]
    system = body.get("system") or body["messages"][0]["content"]
    assert system == "Be brief."
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    assert ["Y2F0" in str(message) for message in said] == [True, False, False]
    assert ["ZG9n" in str(message) for message in said] == [False, False, True]
