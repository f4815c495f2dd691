"""Requests as programs that others wrote send them, recorded from each and shortened; docs/clients.md lists them.

What they share with requests of OpenAI's own client is tested elsewhere; here is what only they send.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from s1m.gateway.errors import ApiError
from s1m.gateway.operation.admission import Keys
from s1m.gateway.requests.responses import read_response
from s1m.types import Problem
from tests.gateway.engines import THOUGHT, Writer, is_thinking
from tests.gateway.serving import PROBLEMS, Reply, chat, data_url, serving
from tests.gateway.test_requests import RULES, read

FINAL_ANSWER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "final_answer",
        "description": "Provides a final answer to the given problem.",
        "parameters": {
            "type": "object",
            "properties": {"answer": {"type": "string", "description": "The final answer to the problem"}},
            "required": ["answer"],
        },
    },
}
SMOLAGENTS: dict[str, Any] = {
    "tools": [FINAL_ANSWER],
    "tool_choice": "required",
    "stop": ["Observation:", "Calling tools:"],
}
"""smolagents 1.26.0, ToolCallingAgent: it stops at words and calls tools at once."""
OPENROUTER: dict[str, Any] = {"usage": {"include": True}, "provider": {"order": ["x"]}, "transforms": []}
"""LiteLLM 1.110.2 sends the first of these to OpenRouter with every request."""
CITY: dict[str, Any] = {
    "$defs": {"City": {"type": "object", "properties": {"name": {"type": "string"}, "near": {"$ref": "#/$defs/City"}}}},
    "type": "object",
    "properties": {"city": {"$ref": "#/$defs/City"}},
    "required": ["city"],
}
"""A model within a model, as pydantic writes it: what pydantic-ai, instructor and the Agents SDK send."""
CITY_FORMAT = {"type": "json_schema", "json_schema": {"name": "City", "schema": CITY, "strict": True}}


def answering(answer: str) -> Writer:
    return Writer(write=lambda step: THOUGHT if is_thinking(step) else answer, binds_json=True)


def said(reply: Reply) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in reply.chunks() if chunk["choices"])


def problem_of(body: dict[str, Any]) -> Problem:
    return asyncio.run(read_response({"model": "bundled", **body}, RULES)).problem


def events(reply: Reply) -> list[dict[str, Any]]:
    return [event for event in reply.chunks() if not event["type"].endswith(".delta")]


def test_tools_beside_stop_words_are_called() -> None:
    answer = '{"tool": "final_answer", "arguments": {"answer": "Observation: 8"}}'
    with serving(answering(answer)) as gateway:
        reply = gateway.post("chat/completions", chat(**SMOLAGENTS)).json()
    (call,) = reply["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"answer": "Observation: 8"}


@pytest.mark.parametrize("stream", [False, True])
def test_stop_words_cut_an_answer_beside_tools(stream: bool) -> None:
    with serving(answering('{"answer": "It is 8. Observation: none"}')) as gateway:
        fields = {**SMOLAGENTS, "tool_choice": "auto", "stream": stream}
        reply = gateway.post("chat/completions", chat(**fields))
    content = said(reply) if stream else reply.json()["choices"][0]["message"]["content"]
    assert content == "It is 8."


def test_a_stream_counts_tokens_for_clients_of_openrouter() -> None:
    with serving(answering("8")) as gateway:
        reply = gateway.post("chat/completions", chat(stream=True, **OPENROUTER))
    assert reply.chunks()[-1]["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize(
    ("answer", "content"),
    [('{"answer": {"city": {"name": "Paris"}}}', {"city": {"name": "Paris"}}), ('{"tool": "final_answer"}', None)],
)
def test_tools_and_a_format_bind_one_answer(answer: str, content: Any) -> None:
    """The Agents SDK sends both for an agent that has tools and an output type, pydantic-ai for NativeOutput."""
    engine = answering(answer)
    with serving(engine) as gateway:
        reply = gateway.post("chat/completions", chat(tools=[FINAL_ANSWER], response_format=CITY_FORMAT)).json()
    message = reply["choices"][0]["message"]
    assert (json.loads(message["content"]) if content else message["content"]) == content
    assert ("tool_calls" in message) == (content is None)
    assert '"City"' in engine.problems[0].turns[0].text


def test_references_within_a_tool_lead_to_what_they_led_to() -> None:
    tool = {"type": "function", "function": {"name": "visit", "parameters": CITY}}
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}}}
    other = {"type": "function", "function": {"name": "plant", "parameters": tree}}
    schema = json.loads(read(chat(tools=[tool, other], response_format=CITY_FORMAT)).structure.schema)
    defined = schema["$defs"]
    for found in references(schema):
        value = schema
        for key in found.removeprefix("#/").split("/"):
            value = value[key]
        assert value in (defined["tool0_City"], defined["answer_City"], defined["tool1"])
    assert len(references(schema)) == 6  # a city and its neighbour, twice; a tree, and what it is
    assert schema["anyOf"][0]["properties"]["arguments"]["properties"] == {"city": {"$ref": "#/$defs/tool0_City"}}


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for each in value for found in references(each)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for each in value.values() for found in references(each)]


def test_reasoning_in_a_stream_of_responses_has_a_part() -> None:
    """OpenAI's client for Node 6.49 raises for reasoning text of a part that was not announced."""
    with serving(answering("8")) as gateway:
        reply = gateway.post("responses", {"model": "bundled", "input": "How many?", "stream": True})
    thought = [event for event in events(reply) if event.get("item_id", "").startswith("rs_")]
    kinds = ["content_part.added", "reasoning_text.done", "content_part.done"]
    assert [event["type"].removeprefix("response.") for event in thought] == kinds
    assert thought[0]["part"] == {"type": "reasoning_text", "text": ""}
    assert thought[2]["part"] == {"type": "reasoning_text", "text": thought[1]["text"]}


def test_a_summary_is_the_thinking() -> None:
    """The AI SDK 6.0 and LangChain 1.7 show no other reasoning of a response."""
    body = {"model": "bundled", "input": "How many?", "reasoning": {"effort": "low", "summary": "auto"}, "seed": 3}
    with serving(answering("8")) as gateway:
        whole = gateway.post("responses", body).json()
        streamed = gateway.post("responses", {**body, "stream": True})
        plain = gateway.post("responses", {**body, "reasoning": {"effort": "low"}}).json()
    (text,) = plain["output"][0]["content"]
    (summary,) = whole["output"][0]["summary"]
    assert (summary["type"], summary["text"], whole["output"][0]["content"]) == ("summary_text", text["text"], [])
    assert whole["reasoning"] == {"effort": "low", "summary": "auto"}
    thought = [event for event in streamed.chunks() if event.get("item_id", "").startswith("rs_")]
    assert "".join(event.get("delta", "") for event in thought) == summary["text"]
    assert {event["type"].split(".")[1] for event in thought} == {"reasoning_summary_part", "reasoning_summary_text"}
    assert streamed.chunks()[-1]["response"]["output"][0]["summary"] == [summary]


def test_a_reference_to_an_earlier_item_says_what_to_send() -> None:
    """The AI SDK, unless it is given ``store: false``."""
    with pytest.raises(ApiError, match=r"input\[1\] refers to an item of an earlier reply.*store: false"):
        problem_of({"input": [{"role": "user", "content": "Hi"}, {"type": "item_reference", "id": "rs_67c31e45"}]})


def test_a_result_of_a_tool_may_show_an_image() -> None:
    image = PROBLEMS[0].images[0]
    shown = {"type": "input_image", "image_url": data_url(image), "detail": "auto"}
    output = [{"type": "input_text", "text": "A photo"}, shown]
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    problem = problem_of({"input": [call, {"type": "function_call_output", "call_id": "c1", "output": output}]})
    assert (problem.question, problem.images) == ("Result of c1: A photo", (image,))
    in_chat = {"role": "tool", "tool_call_id": "c1", "content": [{"type": "image_url", "image_url": data_url(image)}]}
    assert read({**chat(), "messages": [in_chat]}).problem.images == (image,)


def test_a_system_message_alone_is_the_question() -> None:
    problem = read({**chat(), "messages": [{"role": "system", "content": "Name a digit."}]}).problem
    assert (problem.question, problem.turns) == ("Name a digit.", ())


def test_more_stop_strings_than_allowed_are_counted() -> None:
    with pytest.raises(ApiError, match="stop has 5 texts, more than 4"):
        read({**chat(), "stop": list("abcde")})


def test_a_wrong_key_is_not_called_a_missing_one() -> None:
    keys = Keys({"right-key": "me"})
    for header, said_of_it in (("Bearer wrong-key", "not one of this gateway's"), (None, "needs an API key")):
        with pytest.raises(ApiError, match=said_of_it):
            keys.name_of(header)
