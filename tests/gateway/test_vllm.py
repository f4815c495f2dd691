"""The real openai client against the gateway in front of a real vLLM that serves the bundled model."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from s1m.engines.vllm import VllmEngine
from s1m.forcing import Forcing, drive
from s1m.forcing.strategies.sequential import Sequential
from s1m.forcing.strategy import Task
from s1m.types import Problem, Sampling, Trace, Turn
from tests.engines.asking import servers
from tests.gateway.serving import PROBLEMS, Gateway, asked, data_url, serving
from tests.vllm_server import ask

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]

PROBLEM = PROBLEMS[0]
SETTINGS: dict[str, Any] = {"engine": "vllm", "num_ignore": [1], "temperature": 1.0, "top_p": 1.0}


@pytest.fixture(scope="module")
def gateway(vllm_url: str) -> Iterator[Gateway]:
    engine = VllmEngine(servers(vllm_url, timeout_seconds=60.0))
    with serving(engine, base_url=[vllm_url], **SETTINGS) as started:
        yield started
        asyncio.run_coroutine_threadsafe(engine.close(), started.loop).result(10)


def driven(url: str, problem: Problem, seed: int, *levels: int) -> Trace:
    forcing = Forcing(num_ignore=levels, ignore_strings=("Wait,",), max_thinking_tokens=400, max_answer_tokens=8)

    async def main() -> Trace:
        engine = VllmEngine(servers(url, timeout_seconds=60.0))
        try:
            flow = Sequential(forcing=forcing).flow(Task(seed=seed))
            return await drive(flow, problem, engine, Sampling(temperature=1.0))
        finally:
            await engine.close()

    return asyncio.run(main())


def running_requests(url: str) -> float:
    text = ask(url.removesuffix("/v1") + "/metrics").text
    return sum(float(value) for value in re.findall(r"^vllm:num_requests_running\{.*\} (\S+)$", text, re.MULTILINE))


@pytest.mark.parametrize("stream", [False, True])
def test_a_forced_answer_is_the_drivers_token_for_token(gateway: Gateway, vllm_url: str, stream: bool) -> None:
    trace = driven(vllm_url, PROBLEM, 4, 0, 2)
    request: dict[str, Any] = {"model": "bundled", "messages": asked(PROBLEM), "seed": 4}
    request["extra_body"] = {"s1m": {"num_ignore": [0, 2]}}
    if stream:
        *_, last = gateway.client().chat.completions.create(**request, stream=True)
        extra = last.model_extra["s1m"]
    else:
        extra = gateway.client().chat.completions.create(**request).model_extra["s1m"]
    assert [level["content"] for level in extra["levels"]] == [answer.text.strip() for answer in trace.answers]
    assert [segment["text"] for segment in extra["segments"]] == [segment.text for segment in trace.chains[0]]


def test_a_stream_has_reasoning_and_content(gateway: Gateway) -> None:
    stream = gateway.client().chat.completions.create(model="bundled", messages=asked(PROBLEM), seed=1, stream=True)
    deltas = [chunk.choices[0].delta.model_dump() for chunk in stream]
    assert "".join(delta.get("reasoning") or "" for delta in deltas).count("Wait,") == 1
    assert "".join(delta.get("content") or "" for delta in deltas)


def test_two_turns_with_images_in_both(gateway: Gateway, vllm_url: str) -> None:
    second = PROBLEMS[1]
    turns = (
        Turn(role="user", text=PROBLEM.question, images=PROBLEM.images),
        Turn(role="assistant", text=PROBLEM.gold),
    )
    trace = driven(vllm_url, replace(second, turns=turns), 5, 1)
    messages = [*asked(PROBLEM), {"role": "assistant", "content": PROBLEM.gold}, *asked(second)]
    reply = gateway.client().chat.completions.create(model="bundled", messages=messages, seed=5)
    assert reply.choices[0].message.content == trace.answers[-1].text.strip()


def test_efforts_and_aliases(gateway: Gateway) -> None:
    for model, fields, segments in (("bundled:high", {}, 4), ("bundled", {"reasoning_effort": "low"}, 1)):
        reply = gateway.client().chat.completions.create(model=model, messages=asked(PROBLEM), seed=1, **fields)
        assert len(reply.model_extra["s1m"]["segments"]) == segments
    none = gateway.client().chat.completions.create(model="bundled:none", messages=asked(PROBLEM), seed=1)
    assert none.choices[0].message.content
    assert none.usage.completion_tokens_details.reasoning_tokens == 0


def test_a_json_schema_binds_the_answer_and_leaves_the_thinking_free(gateway: Gateway) -> None:
    schema = {"type": "integer", "minimum": 100, "maximum": 999}
    reply = gateway.client().chat.completions.create(
        model="bundled",
        messages=asked(PROBLEM),
        seed=1,
        response_format={"type": "json_schema", "json_schema": {"name": "sum", "schema": schema, "strict": True}},
    )
    assert 100 <= json.loads(reply.choices[0].message.content) <= 999
    assert "read" in reply.choices[0].message.reasoning


def test_a_response(gateway: Gateway) -> None:
    shown = {"type": "input_image", "image_url": data_url(PROBLEM.images[0])}
    content = [{"type": "input_text", "text": PROBLEM.question}, shown]
    with gateway.client().responses.stream(model="bundled", input=[{"role": "user", "content": content}]) as stream:
        kinds = {event.type for event in stream}
        reply = stream.get_final_response()
    assert reply.output_text
    assert {"response.reasoning_text.delta", "response.output_text.delta", "response.completed"} <= kinds


def test_a_client_that_goes_away_stops_the_server(gateway: Gateway, vllm_url: str) -> None:
    stream = gateway.client().chat.completions.create(
        model="bundled", messages=asked(PROBLEM), stream=True, extra_body={"s1m": {"num_ignore": 15}}
    )
    next(iter(stream))
    stream.close()
    until = time.monotonic() + 5
    while running_requests(vllm_url) and time.monotonic() < until:
        time.sleep(0.1)
    assert running_requests(vllm_url) == 0
    assert gateway.get("health").json()["requests"] == 0
