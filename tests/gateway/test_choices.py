"""Several choices of one request, and answers that are cut at a string."""

from __future__ import annotations

from typing import Any

import pytest

from s1m.engines.embedded import EmbeddedEngine
from s1m.errors import EngineError
from s1m.forcing.flow import derive_seed
from s1m.types import Step
from tests.gateway.engines import THOUGHT, Writer, is_thinking
from tests.gateway.serving import PROBLEMS, Gateway, asked, chat, serving
from tests.gateway.test_openai import driven, thoughts


def test_every_choice_is_the_reply_to_a_seed_of_its_own(gateway: Gateway, bundled: EmbeddedEngine) -> None:
    reply = gateway.client().chat.completions.create(model="bundled", messages=asked(PROBLEMS[0]), seed=4, n=3)
    traces = [
        driven(bundled, PROBLEMS[0], seed, 1) for seed in (4, derive_seed(4, "choice", 1), derive_seed(4, "choice", 2))
    ]
    assert [choice.index for choice in reply.choices] == [0, 1, 2]
    assert [choice.message.content for choice in reply.choices] == [t.answers[-1].text.strip() for t in traces]
    assert [choice.message.reasoning for choice in reply.choices] == [thoughts(trace) for trace in traces]
    assert reply.usage.completion_tokens == sum(trace.generated_tokens for trace in traces)
    (alone,) = gateway.client().chat.completions.create(model="bundled", messages=asked(PROBLEMS[0]), seed=4).choices
    assert alone.message.content == reply.choices[0].message.content


def test_choices_are_streamed_each_under_its_index(gateway: Gateway) -> None:
    request: dict[str, Any] = {"model": "bundled", "messages": asked(PROBLEMS[0]), "seed": 4, "n": 3}
    whole = gateway.client().chat.completions.create(**request)
    chunks = list(
        gateway.client().chat.completions.create(**request, stream=True, stream_options={"include_usage": True})
    )
    *parts, last = chunks
    choices = [part.choices[0] for part in parts]
    for index, expected in enumerate(whole.choices):
        own = [choice for choice in choices if choice.index == index]
        assert own[0].delta.role == "assistant"
        assert "".join(choice.delta.content or "" for choice in own) == expected.message.content
        assert "".join(choice.delta.model_extra.get("reasoning", "") for choice in own) == expected.message.reasoning
        assert [choice.finish_reason for choice in own if choice.finish_reason] == [expected.finish_reason]
        assert own[-1].finish_reason
    extras = {part.choices[0].index: part.model_extra["s1m"] for part in parts if part.choices[0].finish_reason}
    assert [extras[index]["segments"] for index in range(3)] == [choice.s1m["segments"] for choice in whole.choices]
    assert last.choices == []
    assert last.usage == whole.usage


def test_streamed_choices_are_written_at_the_same_time() -> None:
    at_once: list[int] = []

    def write(step: Step) -> str:
        at_once.append(engine.under_way)
        return THOUGHT if is_thinking(step) else "42"

    engine = Writer(write=write, seconds_each=0.001)
    with serving(engine) as gateway:
        reply = gateway.post("chat/completions", chat(stream=True, n=2))
    assert max(at_once) == 2
    assert reply.text.count("[DONE]") == 1
    assert reply.text.endswith("data: [DONE]\n\n")


def test_one_choice_that_fails_ends_the_stream_of_all_in_good_form() -> None:
    engine = Writer(seconds_each=0.001)
    engine.fault = lambda step: EngineError("gone") if not is_thinking(step) else None
    with serving(engine) as gateway:
        streamed = gateway.post("chat/completions", chat(stream=True, n=3))
        whole = gateway.post("chat/completions", chat(n=3))
    assert streamed.chunks()[-1]["error"]["code"] == whole.error["code"] == "engine_error"
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert engine.under_way == 0


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("stop", "content"),
    [
        (["\n"], "It is 42"),
        (" 4", "It is"),
        (["twice", "42 is"], "It is 42\n"),
        (["absent", "42\nand"], "It is"),
        (["answer.END"], "It is 42\nand that is the answer."),
    ],
)
def test_an_answer_ends_before_a_stop_string(stream: bool, stop: Any, content: str) -> None:
    answer = "It is 42\nand that is the answer."
    engine = Writer(write=lambda step: THOUGHT if is_thinking(step) else answer)
    with serving(engine, max_answer_tokens=50) as gateway:
        if not stream:
            (choice,) = gateway.client().chat.completions.create(**chat(), stop=stop).choices
            said, finish = choice.message.content, choice.finish_reason
        else:
            chunks = list(gateway.client().chat.completions.create(**chat(), stop=stop, stream=True))
            said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
            finish = chunks[-1].choices[0].finish_reason
    assert (said, finish) == (content if "twice" not in stop else answer, "stop")
