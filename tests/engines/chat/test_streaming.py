"""Chat replies as streams: the same completions, listened to, ended early, and resumed where they break off."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from s1m.forcing.loops.reader import LoopReader
from s1m.types import AtOnce, Piece, Step
from tests.engines.asking import STOP, ask
from tests.engines.chat_server import Answer, ChatServer, Request, answer, chat_model, is_probe


@dataclass
class Streaming:
    """A server that streams ``text`` after the turn, a word an event, and counts its tokens."""

    text: str
    counts: bool = True
    breaks: int = 0
    logprobs: bool = False
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        body = request.body
        if request.method == "GET":
            return answer({"data": [{"id": "m"}]})
        words = ["ok"] if is_probe(request) else self._words(body)
        if not is_probe(request):
            self.bodies.append(body)
        if is_probe(request) and not body.get("stream"):
            return chat_model(lambda _: "ok")(request)
        if not body.get("stream"):
            usage = {"prompt_tokens": 1, "completion_tokens": len(words)}
            message = {"content": "".join(words)}
            return answer({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})
        reply = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in self._events(words))
        if self.breaks and not is_probe(request):
            self.breaks -= 1
            return Answer(body=reply, fault="reset mid-body")
        return Answer(body=reply + b"data: [DONE]\n\n")

    def _words(self, body: dict[str, Any]) -> list[str]:
        turn = body["messages"][-1]["content"]
        written = turn.rpartition("<think>\n")[2] if isinstance(turn, str) else ""
        left = self.text[len(written) :] if self.text.startswith(written) else self.text
        return [word + " " for word in left.split(" ")][: body["max_tokens"]]

    def _events(self, words: list[str]) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        for number, word in enumerate(words, 1):
            choice: dict[str, Any] = {"index": 0, "delta": {"content": word}, "finish_reason": None}
            if self.logprobs:
                choice["logprobs"] = {"content": [{"token": word, "logprob": -float(number)}]}
            if number == len(words):
                choice["finish_reason"] = "stop"
            usage = {"prompt_tokens": 7, "completion_tokens": number, "prompt_tokens_details": {"cached_tokens": 4}}
            events.append({"choices": [choice], **({"usage": usage} if self.counts else {})})
        return events


def thinking(on_text: Callable[[str], bool] | None = None, **at_once: Any) -> Step:
    more = AtOnce(max_tokens=300, min_tokens=0, reads=LoopReader(), **at_once)
    return Step(prefix=(Piece(text="<think>\n"),), stop=STOP, max_tokens=4, at_once=more, on_text=on_text)


def hearing(heard: list[str]) -> Callable[[str], bool]:
    """A listener that never has enough."""

    def on_text(text: str) -> bool:
        heard.append(text)
        return False

    return on_text


def test_a_thought_is_one_request_and_ends_where_it_did() -> None:
    model = Streaming("I look and see four of them.</think>\nMore")
    with ChatServer(model) as server:
        (done,) = ask(server, thinking())
    assert (done.text, done.finish) == ("I look and see four of them.", "stop")
    assert done.tokens == 7
    assert (done.prompt_tokens, done.cached_tokens) == (7, 4)
    (body,) = model.bodies
    assert (body["max_tokens"], body["stream"], body["stream_interval"]) == (300, True, 16)


def test_text_is_heard_without_the_delimiter_or_its_beginning() -> None:
    heard: list[str] = []
    with ChatServer(Streaming("so < it is </think> no")) as server:
        (done,) = ask(server, thinking(on_text=hearing(heard)))
    assert done.text == "".join(heard) == "so < it is "


@pytest.mark.parametrize("breaks", [1, 3])
def test_what_breaks_off_goes_on_from_what_has_arrived(breaks: int) -> None:
    heard: list[str] = []
    text = "one two three four five six seven eight nine ten eleven twelve</think>"
    model = Streaming(text, breaks=breaks)
    with ChatServer(model) as server:
        (done,) = ask(server, thinking(on_text=hearing(heard)))
    assert done.text == "".join(heard) == text.removesuffix("</think>")
    assert done.tokens == 12
    assert model.bodies[-1]["messages"][-1]["content"].startswith("<think>\none two")
    assert model.bodies[-1]["max_tokens"] < 300


def test_a_loop_ends_the_stream_with_its_tokens_counted() -> None:
    with ChatServer(Streaming("and so it is again and again four " * 60)) as server:
        (done,) = ask(server, thinking())
    assert done.finish == "length"
    assert done.tokens == len(done.text.split()) < 300
    assert (done.prompt_tokens, done.cached_tokens) == (7, 4)


def test_the_probability_of_an_answer_is_that_of_all_its_tokens() -> None:
    step = Step(prefix=(Piece(text="x"),), stop=(), max_tokens=8, on_text=lambda _: False)
    with ChatServer(Streaming("a b c", logprobs=True)) as server:
        (done,) = ask(server, step)
    assert (done.text, done.tokens, done.logprob) == ("a b c ", 3, -2.0)


def test_a_server_that_does_not_count_is_asked_in_chunks() -> None:
    model = Streaming("I look.</think>", counts=False)
    with ChatServer(model) as server:
        (done,) = ask(server, thinking())
    assert done.text == "I look."
    assert ["stream" in body for body in model.bodies] == [False]
    assert model.bodies[0]["max_tokens"] == 4
