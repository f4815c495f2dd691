"""Several choices of one request, and answers that are cut at a string."""

from __future__ import annotations

from typing import Any

import pytest

from s1m.engines.embedded import EmbeddedEngine
from s1m.forcing.flow import derive_seed
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
