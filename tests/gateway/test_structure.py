"""Answers bound to a JSON schema or to tools: the thinking stays free, and what comes is what clients expect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s1m.types import Step
from tests.gateway.engines import THOUGHT, Writer, is_thinking
from tests.gateway.serving import chat, serving

SCHEMA = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "count", "schema": SCHEMA, "strict": True}}
WEATHER = {"name": "weather", "description": "Of a city.", "parameters": {"type": "object"}}
TOOL = {"type": "function", "function": WEATHER}
FLAT_TOOL = {"type": "function", **WEATHER}
"""As responses have it."""


def writer(answer: str) -> Writer:
    return Writer(write=lambda step: THOUGHT if is_thinking(step) else answer, binds_json=True)


def schemas(engine: Writer) -> tuple[list[str], list[str]]:
    """Those of the steps that think, and of those that answer."""
    steps: list[Step] = engine.steps
    return (
        [step.json_schema for step in steps if is_thinking(step)],
        [step.json_schema for step in steps if not is_thinking(step)],
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_schema_binds_the_answer_and_not_the_thinking(stream: bool) -> None:
    engine = writer('{"count": 3}')
    with serving(engine) as gateway:
        reply = gateway.post("chat/completions", chat(response_format=FORMAT, stream=stream))
    thinking, answers = schemas(engine)
    assert set(thinking) == {""}
    assert [json.loads(schema) for schema in answers] == [SCHEMA]
    if stream:
        content = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in reply.chunks())
    else:
        content = reply.json()["choices"][0]["message"]["content"]
    assert json.loads(content) == {"count": 3}


def test_a_response_is_bound_by_its_text_format() -> None:
    engine = writer('{"count": 3}')
    form = {"format": {"type": "json_schema", "name": "count", "schema": SCHEMA}}
    with serving(engine) as gateway:
        reply = gateway.client().responses.create(model="bundled", input="How many?", text=form)
    assert [json.loads(schema) for schema in schemas(engine)[1]] == [SCHEMA]
    assert json.loads(reply.output_text) == {"count": 3}


def test_an_engine_that_does_not_bind_after_all_is_an_error() -> None:
    with serving(writer("about three")) as gateway:
        reply = gateway.post("chat/completions", chat(response_format={"type": "json_object"}))
    assert reply.status == 502


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_calls_a_tool_is_a_tool_call(stream: bool) -> None:
    engine = writer('{"tool": "weather", "arguments": {"city": "Paris"}}')
    with serving(engine) as gateway:
        client = gateway.client()
        if stream:
            chunks = list(client.chat.completions.create(**chat(tools=[TOOL]), stream=True))
            calls: Any = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
            ended = chunks[-1].choices[0].finish_reason
            assert not any(chunk.choices[0].delta.content for chunk in chunks)
        else:
            choice = client.chat.completions.create(**chat(tools=[TOOL])).choices[0]
            calls, ended = choice.message.tool_calls, choice.finish_reason
        response = client.responses.create(model="bundled", input="How warm?", tools=[FLAT_TOOL])
    assert ended == "tool_calls"
    (call,) = calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Paris"})
    assert response.output[-1].type == "function_call"
    assert "weather" in engine.problems[0].turns[0].text


def test_an_answer_that_calls_none_is_its_text() -> None:
    with serving(writer('{"answer": "It is warm."}')) as gateway:
        reply = gateway.client().chat.completions.create(**chat(tools=[TOOL]))
        streamed = gateway.post("chat/completions", chat(tools=[TOOL], stream=True))
    assert reply.choices[0].message.content == "It is warm."
    content = [chunk["choices"][0]["delta"].get("content", "") for chunk in streamed.chunks()]
    assert "".join(content) == "It is warm."


@pytest.mark.parametrize(
    ("choice", "alternatives"),
    [("auto", 2), ("required", 1), ({"type": "function", "function": {"name": "weather"}}, 1)],
)
def test_the_choice_of_a_tool_bounds_what_may_be_answered(choice: Any, alternatives: int) -> None:
    engine = writer('{"tool": "weather", "arguments": {}}')
    with serving(engine) as gateway:
        gateway.post("chat/completions", chat(tools=[TOOL], tool_choice=choice))
    assert len(json.loads(schemas(engine)[1][0])["anyOf"]) == alternatives


def test_tools_that_may_not_be_called_bind_nothing() -> None:
    engine = writer("free text")
    with serving(engine) as gateway:
        reply = gateway.post("chat/completions", chat(tools=[TOOL], tool_choice="none"))
    assert reply.json()["choices"][0]["message"]["content"] == "free text"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.schema"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tools": [TOOL], "tool_choice": {"function": {"name": "other"}}}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": 3}, "tool_choice"),
    ],
)
def test_structures_that_are_impossible_are_refused(fields: dict[str, Any], param: str) -> None:
    with serving(writer("{}")) as gateway:
        reply = gateway.post("chat/completions", {**chat(), **fields})
    assert (reply.status, reply.error["param"]) == (400, param)
