"""What requests mean: the dial in all its words, refusals that name their field, messages, images, structures."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s1m.errors import UsageError
from s1m.files.settings import settings_from
from s1m.gateway.errors import ApiError
from s1m.gateway.requests.asked import Asked, Rules
from s1m.gateway.requests.chat import read_chat
from s1m.gateway.requests.responses import read_response
from s1m.gateway.settings import GatewaySettings
from s1m.gateway.work import efforts_of, work_of
from tests.gateway.engines import Writer
from tests.gateway.serving import DIGITS, PROBLEMS, asked, chat, data_url

PICTURE = data_url(PROBLEMS[0].images[0])


def rules(**settings: Any) -> Rules:
    values = {**DIGITS, "max_thinking_tokens": 8192, "num_ignore": [1], **settings}
    made = settings_from(GatewaySettings, values, "test")
    return work_of(made, Writer(binds_json=True), efforts_of(made)).rules


RULES = rules()


def read(body: dict[str, Any], held_to: Rules = RULES) -> Asked:
    return asyncio.run(read_chat(body, held_to))


def refused(body: dict[str, Any], held_to: Rules = RULES) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(body, held_to)
    return caught.value


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"thinking": True, "num_ignore": (1,), "max_thinking_tokens": 8192}),
        ({"model": "bundled:ignore-12"}, {"num_ignore": (12,)}),
        ({"model": "bundled:think-2k"}, {"max_thinking_tokens": 2048}),
        ({"model": "bundled:think-0"}, {"thinking": False}),
        ({"model": "bundled:none"}, {"thinking": False}),
        ({"reasoning_effort": "low"}, {"num_ignore": (0,), "max_thinking_tokens": 2048}),
        ({"reasoning_effort": "xhigh"}, {"num_ignore": (7,), "max_thinking_tokens": 8192}),
        ({"reasoning_effort": "max"}, {"num_ignore": (15,), "max_thinking_tokens": 8192}),
        ({"reasoning": {"effort": "high", "max_tokens": 100}}, {"num_ignore": (3,), "max_thinking_tokens": 100}),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"max_thinking_tokens": 1024}),
        ({"thinking": {"type": "adaptive"}}, {"thinking": True}),
        ({"thinking_token_budget": 64}, {"max_thinking_tokens": 64}),
        ({"enable_thinking": True, "thinking_budget": 64}, {"max_thinking_tokens": 64}),  # Alibaba Cloud's names
        ({"enable_thinking": False}, {"thinking": False}),
        ({"reasoning_effort": "none", "chat_template_kwargs": {"enable_thinking": True}}, {"thinking": True}),
        ({"reasoning": {"enabled": False}}, {"thinking": False}),
        ({"s1m": {"num_ignore": [0, 3]}}, {"num_ignore": (0, 3)}),
        ({"s1m": {"levels": [0, 1, 2]}}, {"num_ignore": (0, 1, 2)}),
        ({"s1m": {"strategy": "vote", "levels": [1, 4]}}, {"strategy": "vote", "levels": (1, 4)}),
        ({"s1m": {"ignore_strings": "s1m"}}, {"ignore_strings": RULES.dial.default.ignore_strings}),
        ({"s1m": {"min_thinking_tokens": 50, "max_thinking_tokens": 60}}, {"min_thinking_tokens": 50}),
        ({"s1m": None, "reasoning": None, "thinking": None}, {"num_ignore": (1,)}),
    ],
)
def test_every_word_turns_the_dial(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    dial = read({**chat(), **fields}).dial
    got = {name: getattr(dial, name) for name in expected}
    if "ignore_strings" in expected:
        assert len(got["ignore_strings"]) == 7
    else:
        assert got == expected


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": None}, "model"),
        ({"model": "other"}, "model"),
        ({"model": "bundled:ignore-101"}, "model"),
        ({"model": "bundled:think-9k"}, "model"),
        ({"model": "bundled:fast"}, "model"),
        ({"reasoning_effort": "huge"}, "reasoning_effort"),
        ({"reasoning_effort": 3}, "reasoning_effort"),
        ({"reasoning_effort": "low", "reasoning": {"effort": "high"}}, "reasoning.effort"),
        ({"reasoning": {"effrot": "high"}}, "reasoning.effrot"),
        ({"reasoning": {"max_tokens": 9000}}, "reasoning.max_tokens"),
        ({"reasoning": "high"}, "reasoning"),
        ({"thinking": {"type": "on"}}, "thinking.type"),
        ({"thinking": {"budget_tokens": -1}}, "thinking.budget_tokens"),
        ({"thinking_token_budget": 1.5}, "thinking_token_budget"),
        ({"chat_template_kwargs": {"enable_thinking": "yes"}}, "chat_template_kwargs.enable_thinking"),
        ({"chat_template_kwargs": {"add_vision_id": True}}, "chat_template_kwargs.add_vision_id"),
        ({"s1m": {"num_ignore": -1}}, "s1m.num_ignore"),
        ({"s1m": {"num_ignore": [3, 1]}}, "s1m.num_ignore"),
        ({"s1m": {"num_ignore": list(range(40))}}, "s1m.num_ignore"),
        ({"s1m": {"num_ignore": 1, "levels": [1]}}, "s1m.levels"),
        ({"s1m": {"ignore_strings": []}}, "s1m.ignore_strings"),
        ({"s1m": {"ignore_strings": ["Wait,", 3]}}, "s1m.ignore_strings"),
        ({"s1m": {"strategy": "os:system"}}, "s1m.strategy"),
        ({"s1m": {"strategy": "vot"}}, "s1m.strategy"),
        ({"s1m": {"strategy": "vote", "levels": [1, 64]}}, "s1m.levels"),
        ({"s1m": {"min_thinking_tokens": 9, "max_thinking_tokens": 8}}, "s1m.min_thinking_tokens"),
        ({"s1m": {"num_ignroe": 1}}, "s1m.num_ignroe"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"seed": "x"}, "seed"),
        ({"n": 99}, "n"),
        ({"n": 9, "s1m": {"strategy": "vote", "levels": [4]}}, "n"),
        ({"stop": [""]}, "stop"),
        ({"logprobs": True}, "logprobs"),
        ({"logprobs": True, "top_logprobs": 5}, "logprobs"),
        ({"top_logprobs": 5}, "top_logprobs"),
        ({"frequency_penalty": 1}, "frequency_penalty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 40, "s1m": {"min_thinking_tokens": 50}}, "max_tokens"),
        ({"temprature": 1}, "temprature"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
    ],
)
def test_what_is_impossible_is_refused_by_its_field(fields: dict[str, Any], param: str) -> None:
    error = refused({**chat(), **fields})
    assert error.param == param
    assert param in str(error)
    assert error.status in (400, 404)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("https://example.com/cat.png", "--allow-image-urls"),
        ("file:///etc/passwd", "--allow-image-urls"),
        ("data:image/png,abc", "base64"),
        ("data:image/png;base64,!!!", "base64"),
        ("data:image/png;base64,aGVsbG8=", "not an image"),
    ],
)
def test_images_that_cannot_be_shown_are_refused(url: str, word: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    error = refused({"model": "bundled", "messages": [{"role": "user", "content": [part]}]})
    assert error.param == "messages[0].content[0].image_url.url"
    assert word in str(error)


def test_images_are_limited_in_number_and_size() -> None:
    part = {"type": "image_url", "image_url": {"url": PICTURE}}
    three = {"model": "bundled", "messages": [{"role": "user", "content": [part] * 3}]}
    assert len(read(three).problem.images) == 3
    assert refused(three, rules(max_images=2)).param == "messages[0].content"
    small = replace(RULES, pictures=replace(RULES.pictures, most_bytes=20))
    assert refused(three, small).status == 413


def test_a_conversation_becomes_turns_and_a_question() -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        *asked(PROBLEMS[0]),
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": '{"a": 1}'}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "2"},
        {"role": "user", "content": [{"type": "text", "text": "And"}, {"type": "text", "text": "now?"}]},
    ]
    problem = read({"model": "bundled", "messages": messages}).problem
    assert [turn.role for turn in problem.turns] == ["system", "user", "assistant", "user"]
    assert problem.turns[1].images == PROBLEMS[0].images
    assert json.loads(problem.turns[2].text) == {"tool": "f", "arguments": {"a": 1}}
    assert problem.turns[3].text == "Result of call_1: 2"
    assert problem.question == "And\nnow?"


def test_an_engine_that_reads_no_turns_gets_none() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How many?"}]
    error = refused({"model": "bundled", "messages": messages}, replace(RULES, takes_turns=False))
    assert error.param == "messages"


def test_a_limit_on_all_tokens_leaves_the_answer_its_share() -> None:
    one = read({**chat(), "max_completion_tokens": 400}, rules(max_answer_tokens=200)).strategy.forcing
    assert (one.max_thinking_tokens, one.max_answer_tokens) == (300, 100)
    plain = read({**chat(), "max_completion_tokens": 400, "reasoning_effort": "none"})
    assert plain.strategy.forcing.max_answer_tokens == 400


@pytest.mark.parametrize(
    ("fields", "thinking", "most", "answer"),
    [
        ({"max_tokens": 1}, False, 8192, 1),
        ({"max_tokens": 1, "reasoning_effort": "high"}, False, 8192, 1),
        ({"max_tokens": 1, "s1m": {"num_ignore": [0, 1, 2]}}, False, 8192, 1),
        ({"max_tokens": 1, "s1m": {"strategy": "vote", "levels": [1, 4]}}, False, 8192, 1),
        ({"max_tokens": 2}, True, 1, 1),
        ({"max_tokens": 5}, True, 4, 1),
        ({"max_tokens": 16}, True, 12, 4),
    ],
)
def test_a_limit_that_leaves_no_room_to_think_is_for_the_answer(
    fields: dict[str, Any], thinking: bool, most: int, answer: int
) -> None:
    asked_for = read({**chat(), **fields})
    assert asked_for.dial.thinking is thinking
    assert asked_for.dial.max_thinking_tokens == most
    assert asked_for.strategy.forcing.max_answer_tokens == answer


def test_the_gateways_own_least_thinking_gives_way_to_a_limit() -> None:
    own = rules(min_thinking_tokens=100)
    assert not read({**chat(), "max_tokens": 1}, own).dial.thinking
    small = read({**chat(), "max_tokens": 40}, own).dial
    assert (small.min_thinking_tokens, small.max_thinking_tokens) == (32, 32)
    assert refused({**chat(), "max_tokens": 40, "s1m": {"min_thinking_tokens": 100}}, own).param == "max_tokens"


def test_a_seed_is_kept_and_else_another_one_every_time() -> None:
    assert read({**chat(), "seed": 7}).seed == 7
    assert read(chat()).seed != read(chat()).seed


def test_fields_that_change_nothing_are_taken() -> None:
    read({**chat(), "user": "u", "metadata": {}, "store": False, "stop": None, "n": 1, "stream_options": None})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("previous_response_id", "x"),
        ("conversation", "x"),
        ("prompt", "x"),
        ("top_logprobs", 3),
        ("include", ["message.output_text.logprobs"]),
    ],
)
def test_responses_that_would_need_a_memory_or_probabilities_are_refused(field: str, value: Any) -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(read_response({"model": "bundled", "input": "Hi", field: value}, RULES))
    assert caught.value.param == field


def test_a_table_of_efforts_of_ones_own(tmp_path: Path) -> None:
    table = tmp_path / "efforts.toml"
    table.write_text("[quick]\nthinking = false\n[deep]\nnum_ignore = 9\n")
    own = rules(efforts=str(table), effort="deep")
    assert read(chat(), own).dial.num_ignore == (9,)
    assert not read(chat(model="bundled:quick"), own).dial.thinking
    assert refused({**chat(), "reasoning_effort": "low"}, own).param == "reasoning_effort"


@pytest.mark.parametrize(
    ("text", "word"),
    [("[deep]\nnum_ignroe = 1\n", "num_ignroe"), ("deep = 3\n", "table"), ("[a]\nnum_ignore = -1\n", "num_ignore")],
)
def test_a_table_of_efforts_that_is_wrong_says_where(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "efforts.toml").write_text(text)
    with pytest.raises(UsageError, match=word):
        rules(efforts=str(tmp_path / "efforts.toml"))


def test_an_unknown_effort_of_the_gateway_is_refused() -> None:
    with pytest.raises(UsageError, match="--effort huge"):
        rules(effort="huge")


def test_a_short_context_bounds_what_requests_may_think() -> None:
    made = settings_from(GatewaySettings, {**DIGITS, "max_thinking_tokens": 8192, "max_answer_tokens": 500}, "test")
    work = work_of(made, Writer(context_tokens=4000), efforts_of(made))
    assert work.rules.dial.most_thinking_tokens == 2500
