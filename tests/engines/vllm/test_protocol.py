"""Replies of the token endpoint that are invalid, and prompts whose place-holders become one an image."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.engines.remote.reply import Unreadable
from s1m.engines.vllm.prompts import Placeholder, collapse
from s1m.engines.vllm.protocol import generate_request, image_part, read_choice
from s1m.types import Sampling, Step


def reply(**choice: object) -> bytes:
    whole = {"token_ids": [5, 6], "text": "so", "finish_reason": "stop", "stop_reason": None, **choice}
    return json.dumps({"choices": [{name: value for name, value in whole.items() if value != "absent"}]}).encode()


def test_a_good_reply_is_read() -> None:
    choice = read_choice(reply(stop_reason=444), 2)
    assert (choice.token_ids, choice.text, choice.stop_reason) == ([5, 6], "so", 444)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{}",
        b'{"choices": []}',
        b'{"choices": null}',
        reply(token_ids=None),
        reply(text=None),
        reply(text="absent"),
        reply(token_ids=[]),
        reply(token_ids=[1, 2, 3]),
        reply(finish_reason=None),
        reply(finish_reason="abort"),
        reply(finish_reason="error"),
        reply()[:-20],
    ],
)
def test_a_reply_that_is_none_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_choice(body, 2)


def test_everything_that_changes_the_result_is_said() -> None:
    step = Step(prefix=(), stop=("</think>",), max_tokens=9, min_tokens=1, seed=3)
    body = generate_request(
        model="m",
        token_ids=(1, 2),
        images=[image_part("9f", None), image_part("a0", "data:")],
        step=step,
        sampling=Sampling(temperature=0.5, top_p=0.9, repetition_penalty=1.1),
        stop_token_ids=(444,),
    )
    assert body["content_parts"] == [
        {"type": "image_url", "uuid": "9f"},
        {"type": "image_url", "uuid": "a0", "url": "data:"},
    ]
    assert body["sampling_params"] == {
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 0,
        "min_p": 0.0,
        "repetition_penalty": 1.1,
        "seed": 3,
        "max_tokens": 9,
        "min_tokens": 1,
        "stop_token_ids": [444],
        "stop": ["</think>"],
        "skip_special_tokens": False,
    }


def test_sampling_options_are_sent_to_the_token_endpoint() -> None:
    body = generate_request(
        model="m",
        token_ids=(1,),
        images=[],
        step=Step(prefix=(), stop=("</think>",), max_tokens=9),
        sampling=Sampling(temperature=1.0, top_k=20, min_p=0.1, presence_penalty=1.5),
        stop_token_ids=(),
    )
    sent = body["sampling_params"]
    assert (sent["top_k"], sent["min_p"], sent["presence_penalty"]) == (20, 0.1, 1.5)


def test_an_answer_asks_for_its_probability_and_for_one_of_the_choices() -> None:
    step = Step(prefix=(), stop=(), max_tokens=9, choices=("A", "B"))
    body = generate_request(
        model="m", token_ids=(1,), images=[], step=step, sampling=Sampling(temperature=0), stop_token_ids=()
    )
    assert body["sampling_params"]["logprobs"] == 0
    assert body["sampling_params"]["structured_outputs"] == {"choice": ["A", "B"]}


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(1, 4))
def test_every_run_of_place_holders_becomes_one(words: list[int], length: int) -> None:
    pad = 9
    ids = [token for word in words for token in ([pad] * length if word == 0 else [word])]
    assert collapse(ids, Placeholder(run=(pad,) * length, single=pad)) == (
        [pad if word == 0 else word for word in words],
        words.count(0),
    )
