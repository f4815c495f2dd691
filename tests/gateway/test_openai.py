"""The real openai client against a gateway in front of the bundled model."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest

import s1m
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.prompt import prepare
from s1m.families import DEFAULT
from s1m.forcing import Forcing, drive
from s1m.forcing.strategies.sequential import Sequential
from s1m.forcing.strategy import Task
from s1m.types import Problem, Sampling, Trace, Turn
from tests.gateway.serving import PROBLEMS, Gateway, asked, data_url, wait_until

PROBLEM = PROBLEMS[0]
DIALS: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0, "max_thinking_tokens": 400, "max_answer_tokens": 8}
WARM = Sampling(temperature=1.0)


def driven(engine: EmbeddedEngine, problem: Problem, seed: int, *levels: int, thinking: int = 400) -> Trace:
    """What the driver makes of a problem, without a gateway."""
    forcing = Forcing(num_ignore=levels, ignore_strings=("Wait,",), max_thinking_tokens=thinking, max_answer_tokens=8)
    return asyncio.run(drive(Sequential(forcing=forcing).flow(Task(seed=seed)), problem, engine, WARM))


def prompt_of(engine: EmbeddedEngine, problem: Problem) -> list[int]:
    """The conversation as the model reads it, images included, and what opens its thinking."""
    tokenizer = engine.checkpoint.tokenizer
    return [*prepare(problem, engine.checkpoint).ids, *tokenizer(DEFAULT.opening_line)["input_ids"]]


def thoughts(trace: Trace) -> str:
    return "".join(segment.injected + segment.text for segment in trace.chains[0])


@pytest.mark.parametrize("stream", [False, True])
def test_a_forced_answer_is_that_of_s1m_think_token_for_token(
    gateway: Gateway, bundled: EmbeddedEngine, stream: bool
) -> None:
    for seed, problem in enumerate(PROBLEMS[:2]):
        trace = s1m.think(problem.question, problem.images, engine=bundled, seed=seed, num_ignore=(0, 1, 2), **DIALS)
        assert trace == driven(bundled, problem, seed, 0, 1, 2)
        request: dict[str, Any] = {
            "model": "bundled",
            "messages": asked(problem),
            "seed": seed,
            "extra_body": {"s1m": {"num_ignore": [0, 1, 2]}},
        }
        if stream:
            chunks = list(gateway.client().chat.completions.create(**request, stream=True))
            deltas = [chunk.choices[0].delta.model_dump() for chunk in chunks]
            content, reasoning = (
                "".join(delta.get(name) or "" for delta in deltas) for name in ("content", "reasoning")
            )
            extra = (chunks[-1].model_extra or {})["s1m"]
        else:
            reply = gateway.client().chat.completions.create(**request)
            message, extra = reply.choices[0].message, (reply.model_extra or {})["s1m"]
            content, reasoning = message.content, (message.model_extra or {})["reasoning"]
            assert reply.usage is not None
            assert reply.usage.completion_tokens == trace.generated_tokens
            assert reply.usage.prompt_tokens == len(prompt_of(bundled, problem))
            assert reply.usage.total_tokens == reply.usage.prompt_tokens + trace.generated_tokens
            assert reply.usage.completion_tokens_details is not None
            assert reply.usage.completion_tokens_details.reasoning_tokens == sum(s.tokens for s in trace.chains[0])
        assert (content, reasoning) == (trace.answers[-1].text.strip(), thoughts(trace))
        assert [level["content"] for level in extra["levels"]] == [answer.text.strip() for answer in trace.answers]
        assert [segment["tokens"] for segment in extra["segments"]] == [segment.tokens for segment in trace.chains[0]]
        assert [segment["stop"] for segment in extra["segments"]] == [segment.stop for segment in trace.chains[0]]


def test_two_turns_and_a_system_prompt_reach_the_model(gateway: Gateway, bundled: EmbeddedEngine) -> None:
    turns = (
        Turn(role="system", text="Read carefully."),
        Turn(role="user", text=PROBLEM.question, images=PROBLEM.images),
        Turn(role="assistant", text=PROBLEM.gold),
    )
    second = PROBLEMS[1]
    trace = driven(bundled, replace(second, turns=turns), 5, 1)
    messages = [
        {"role": "system", "content": "Read carefully."},
        *asked(PROBLEM),
        {"role": "assistant", "content": PROBLEM.gold},
        *asked(second),
    ]
    reply = gateway.client().chat.completions.create(model="bundled", messages=messages, seed=5)
    assert reply.choices[0].message.content == trace.answers[-1].text.strip()


@pytest.mark.parametrize(
    ("model", "fields", "ignored"),
    [
        ("bundled", {}, 1),
        ("bundled:ignore-3", {}, 3),
        ("bundled:high", {}, 3),
        ("bundled", {"reasoning_effort": "low"}, 0),
        ("bundled", {"reasoning_effort": "medium"}, 1),
        ("bundled:low", {"reasoning_effort": "high"}, 3),
        ("bundled:high", {"extra_body": {"s1m": {"num_ignore": 2}}}, 2),
        ("bundled", {"extra_body": {"reasoning": {"effort": "high"}}}, 3),
    ],
)
def test_efforts_and_aliases_turn_the_dial(gateway: Gateway, model: str, fields: dict[str, Any], ignored: int) -> None:
    reply = gateway.client().chat.completions.create(model=model, messages=asked(PROBLEM), seed=1, **fields)
    assert len(reply.model_extra["s1m"]["segments"]) == ignored + 1


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_effort": "none"},
        {"extra_body": {"thinking": {"type": "disabled"}}},
        {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}},
        {"extra_body": {"thinking_token_budget": 0}},
    ],
)
def test_thinking_can_be_switched_off(gateway: Gateway, fields: dict[str, Any]) -> None:
    reply = gateway.client().chat.completions.create(model="bundled", messages=asked(PROBLEM), seed=1, **fields)
    assert reply.choices[0].message.content
    assert reply.choices[0].message.model_extra["reasoning"] == ""
    assert reply.usage.completion_tokens_details.reasoning_tokens == 0


@pytest.mark.parametrize(
    ("model", "extra"),
    [
        ("bundled:think-9", {}),
        ("bundled", {"thinking_token_budget": 9}),
        ("bundled", {"thinking": {"type": "enabled", "budget_tokens": 9}}),
        ("bundled", {"reasoning": {"max_tokens": 9}}),
        ("bundled", {"s1m": {"max_thinking_tokens": 9}}),
        ("bundled", {"max_completion_tokens": 12}),
    ],
)
def test_a_budget_cuts_the_thinking_and_an_answer_follows(gateway: Gateway, model: str, extra: dict[str, Any]) -> None:
    reply = gateway.client().chat.completions.create(model=model, messages=asked(PROBLEM), seed=1, extra_body=extra)
    assert reply.choices[0].message.content
    assert reply.usage is not None
    assert reply.usage.completion_tokens_details is not None
    assert reply.usage.completion_tokens_details.reasoning_tokens == 9
    assert (reply.model_extra or {})["s1m"]["segments"][0]["stop"] == "capped"


@pytest.mark.parametrize("stream", [False, True])
def test_a_health_check_of_one_token_gets_a_well_formed_reply(gateway: Gateway, stream: bool) -> None:
    request: dict[str, Any] = {"model": "bundled", "messages": asked(PROBLEM), "max_tokens": 1, "seed": 1}
    if stream:
        chunks = list(gateway.client().chat.completions.create(**request, stream=True))
        content = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        finish = chunks[-1].choices[0].finish_reason
    else:
        reply = gateway.client().chat.completions.create(**request)
        content, finish = reply.choices[0].message.content, reply.choices[0].finish_reason
        assert reply.usage.completion_tokens == 1
        assert reply.usage.completion_tokens_details.reasoning_tokens == 0
    assert content
    assert finish == "length"


def test_the_answer_of_every_level_is_an_event_of_the_stream(gateway: Gateway) -> None:
    stream = gateway.client().chat.completions.create(
        model="bundled",
        messages=asked(PROBLEM),
        seed=2,
        stream=True,
        extra_body={"s1m": {"num_ignore": [0, 1, 2], "events": True}},
    )
    notes = [chunk.model_extra["s1m"] for chunk in stream if "s1m" in chunk.model_extra]
    answered = {note["level"]: note for note in notes if note.get("type") == "answered"}
    assert [answered[level]["content"] for level in (0, 1, 2)] == [each["content"] for each in notes[-1]["levels"]]
    assert [answered[level]["tokens"] for level in (0, 1, 2)] == [each["answer_tokens"] for each in notes[-1]["levels"]]
    for level in (0, 1, 2):
        written = [note["text"] for note in notes if note.get("type") == "answer" and note["level"] == level]
        assert "".join(written).strip() == answered[level]["content"]


def test_a_stream_counts_its_tokens_where_they_are_asked_for(gateway: Gateway) -> None:
    stream = gateway.client().chat.completions.create(
        model="bundled",
        messages=asked(PROBLEM),
        seed=1,
        stream=True,
        stream_options={"include_usage": True},
    )
    *_, finished, last = stream
    assert finished.choices[0].finish_reason == "stop"
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens > 30
    assert last.usage.prompt_tokens > len(PROBLEM.question.split())


def test_responses_whole_and_streamed_say_the_same(gateway: Gateway, bundled: EmbeddedEngine) -> None:
    shown = {"type": "input_image", "image_url": data_url(PROBLEM.images[0])}
    request: dict[str, Any] = {
        "model": "bundled",
        "input": [{"role": "user", "content": [{"type": "input_text", "text": PROBLEM.question}, shown]}],
        "extra_body": {"seed": 3},
    }
    whole = gateway.client().responses.create(**request)
    with gateway.client().responses.stream(**request) as stream:
        kinds = [event.type for event in stream]
        streamed = stream.get_final_response()
    expected = driven(bundled, PROBLEM, 3, 1)
    assert whole.output_text == streamed.output_text == expected.answers[-1].text.strip()
    assert [item.type for item in whole.output] == [item.type for item in streamed.output] == ["reasoning", "message"]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert "response.reasoning_text.delta" in kinds
    assert whole.usage is not None
    assert whole.usage.output_tokens == expected.generated_tokens


def test_a_response_takes_instructions_and_a_plain_text(gateway: Gateway) -> None:
    reply = gateway.client().responses.create(model="bundled:low", instructions="Be brief.", input=PROBLEM.question)
    assert reply.status == "completed"
    assert reply.instructions == "Be brief."


def test_the_program_of_the_page_runs(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "gateway.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(program.replace("http://127.0.0.1:9000", gateway.url) + "client.close()\n", {})
    assert capsys.readouterr().out.count("Wait,") == 3


def test_models_are_listed_with_their_aliases(gateway: Gateway) -> None:
    names = [model.id for model in gateway.client().models.list()]
    assert names[0] == "bundled"
    assert {"bundled:high", "bundled:none", "bundled:ignore-3"} <= set(names)
    assert gateway.client().models.retrieve("bundled:high").id == "bundled:high"


def test_an_error_names_the_field(gateway: Gateway) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().chat.completions.create(model="bundled", messages=asked(PROBLEM), temperature=7)
    assert caught.value.param == "temperature"
    with pytest.raises(openai.NotFoundError) as unknown:
        gateway.client().chat.completions.create(model="gpt-4o", messages=asked(PROBLEM))
    assert unknown.value.code == "model_not_found"


def test_an_engine_that_cannot_bind_answers_says_so(gateway: Gateway) -> None:
    schema = {"name": "digits", "schema": {"type": "object"}}
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client().chat.completions.create(
            model="bundled",
            messages=asked(PROBLEM),
            response_format={"type": "json_schema", "json_schema": schema},
        )
    assert caught.value.param == "response_format.json_schema.schema"


def test_a_client_that_goes_away_stops_the_work(gateway: Gateway) -> None:
    stream = gateway.client().chat.completions.create(
        model="bundled",
        messages=asked(PROBLEM),
        stream=True,
        extra_body={"s1m": {"num_ignore": 15}},
    )
    assert next(iter(stream)).id
    stream.close()
    wait_until(lambda: json.loads(gateway.get("health").text)["requests"] == 0)
