"""A server behind the gateway that goes wrong while it streams: over real sockets, every request has a proper end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from s1m.engines.chat import ChatEngine
from s1m.gateway.operation.private import without_quotes
from tests.engines.asking import KEY, servers
from tests.engines.chat_server import Answer, ChatServer, Request, answer, chat_model, is_probe
from tests.gateway.serving import DIGITS, Gateway, Reply, chat, serving

ANSWER = "it is forty two"
THOUGHT = "one two three four five six seven eight nine ten eleven twelve "
PROMPT = "how old is the private person Ada Lovelace really"
CLIENT_KEY = "sk-of-a-client-0123456789"


def says(text: str) -> Answer:
    """What a server says in the middle of a stream."""
    return Answer(body=text.encode())


BROKEN: dict[str, Answer] = {
    "an error in mid-stream": says(json.dumps({"error": {"message": f"CUDA error at: {PROMPT}", "code": 500}})),
    "an error without a code": says(json.dumps({"error": f"out of memory for {PROMPT}"})),
    "a connection that is reset": Answer(fault="reset mid-body"),
    "a stream that hangs": Answer(fault="hang mid-body"),
    "a server that hangs": Answer(fault="hang"),
    "no JSON": says("<html>please log in</html>"),
    "half a stream": says(" "),
    "an error that quotes": answer({"error": {"message": f"cannot do {PROMPT!r} with {KEY}"}}, 500),
    "a refusal that quotes": answer({"error": {"message": f"bad value {PROMPT[:30]}... of {KEY}"}}, 400),
}


@dataclass
class Upstream:
    """A server that streams: it writes ``THOUGHT``, then ``ANSWER``, but for what ``broken`` says."""

    broken: dict[str, Answer] = field(default_factory=dict)
    """By what is done: ``thinking`` or ``answering``."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set when a request that goes wrong has come."""

    def __call__(self, request: Request) -> Answer:
        body = request.body
        last = body["messages"][-1]["content"] if body else ""
        turn = last if isinstance(last, str) else ""
        is_answer = "</think>" in turn
        broken = self.broken.get("answering" if is_answer else "thinking")
        if request.method == "GET" or is_probe(request):
            broken = None
        if broken is not None:
            self.asked.set()
        if request.method == "GET" or not body.get("stream"):
            model = chat_model(lambda turn: ANSWER if "</think>" in turn else f"{THOUGHT}</think>")(request)
            return model if broken is None else replace(broken, body=broken.body or model.body)
        begun = turn.rpartition(str(DIGITS["answer_cue"]) if is_answer else "<think>\n")[2]
        begun = begun.removeprefix("Wait,")
        text = ANSWER.removeprefix(begun) if is_answer else f"{THOUGHT.removeprefix(begun)}</think>"
        words = ["ok"] if is_probe(request) else text.replace(" ", " \0").split("\0")
        events = [self._event(number, word, number == len(words)) for number, word in enumerate(words, 1)]
        if broken is None:
            return Answer(body=b"".join(events) + b"data: [DONE]\n\n")
        if broken.status != 200:
            return broken
        if broken.fault:
            return Answer(fault=broken.fault, body=b"".join(events))
        after = b"data: " + broken.body + b"\n\n" if broken.body.strip() else b""
        return Answer(body=b"".join(events[: len(events) // 2]) + after)

    def _event(self, number: int, word: str, last: bool) -> bytes:
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": "stop" if last else None}
        return b"data: " + json.dumps({"choices": [choice], "usage": {"completion_tokens": number}}).encode() + b"\n\n"


@contextlib.contextmanager
def before(upstream: Upstream, **patience: Any) -> Iterator[tuple[ChatServer, Gateway]]:
    """The server, and a gateway before it."""
    with ChatServer(upstream) as server:
        brief = {"timeout_seconds": 60.0, "max_retries": 1, "api_key": KEY, **patience}
        engine = ChatEngine(servers(server.url, **brief))
        with serving(engine, {CLIENT_KEY: "team"}, engine="http", base_url=[server.url]) as gateway:
            yield server, gateway
            asyncio.run_coroutine_threadsafe(engine.close(), gateway.loop).result(30)


def content_of(reply: Reply) -> str:
    return "".join(
        choice["delta"].get("content") or "" for chunk in reply.chunks() for choice in chunk.get("choices", ())
    )


def check_failed(reply: Reply, *, stream: bool) -> None:
    """That a reply is an error in good form, without a word of the server."""
    if stream and reply.status == 200:
        assert reply.text.endswith("data: [DONE]\n\n")
        assert reply.chunks()[-1]["error"]["message"]
        assert ANSWER.startswith(content_of(reply))
        assert not [c for chunk in reply.chunks() for c in chunk.get("choices", ()) if c["finish_reason"]]
    else:
        assert reply.status in (502, 503, 504)
        assert reply.error["message"]
    for secret in (KEY, "CUDA", "memory", "127.0.0.1", "html", PROMPT):
        assert secret not in reply.text


@pytest.mark.parametrize("where", ["thinking", "answering"])
@pytest.mark.parametrize("what", BROKEN)
def test_what_goes_wrong_upstream_is_an_error_and_neither_content_nor_in_the_log(
    what: str, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream = Upstream({where: BROKEN[what]})
    hangs = "hang" in BROKEN[what].fault
    with (
        before(upstream, **({"timeout_seconds": 1.0} if hangs else {})) as (_, gateway),
        ThreadPoolExecutor() as clients,
    ):
        sent = {
            stream: clients.submit(gateway.post, "chat/completions", chat(PROMPT, stream=stream))
            for stream in (False, True)
        }
        for stream, reply in sent.items():
            check_failed(reply.result(), stream=stream)
        assert upstream.asked.is_set()
        upstream.broken.clear()
        assert gateway.get("health").json() == {"status": "ok", "requests": 0}
        if not hangs:
            assert content_of(gateway.post("chat/completions", chat(PROMPT, stream=True))) == ANSWER
    assert "key=team" in caplog.text
    for secret in (KEY, CLIENT_KEY, PROMPT, PROMPT[:30], "Lovelace", "eleven"):
        assert secret not in caplog.text


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("where", ["thinking", "answering"])
def test_a_server_that_restarts_in_mid_stream_costs_nothing_of_the_reply(where: str, stream: bool) -> None:
    upstream = Upstream({where: Answer(fault="hang mid-body")})
    with (
        before(upstream, max_retries=100, outage_seconds=60) as (server, gateway),
        ThreadPoolExecutor() as clients,
    ):
        sent = clients.submit(gateway.post, "chat/completions", chat(stream=stream))
        assert upstream.asked.wait(30)
        server.die()
        upstream.broken.clear()
        with ChatServer(upstream, port=int(server.url.rpartition(":")[2])):
            reply = sent.result()
    assert reply.status == 200
    if stream:
        reasoning = [c["delta"].get("reasoning", "") for chunk in reply.chunks() for c in chunk.get("choices", ())]
        assert (content_of(reply), "".join(reasoning).count(THOUGHT)) == (ANSWER, 2)
        assert reply.text.endswith("data: [DONE]\n\n")
    else:
        message = reply.json()["choices"][0]["message"]
        assert (message["content"], message["reasoning"].count(THOUGHT)) == (ANSWER, 2)


def test_an_upstream_that_fails_and_comes_back_costs_no_request() -> None:
    model = chat_model(lambda turn: "42" if "</think>" in turn else "a thought</think>")
    calls = iter(range(1000))

    def flaky(request: Request) -> Answer:
        if request.method == "POST" and not is_probe(request) and next(calls) % 3 == 0:
            return Answer(fault="reset mid-body", body=b"x" * 100)
        return model(request)

    with ChatServer(flaky) as server:
        engine = ChatEngine(servers(server.url))
        with serving(engine, engine="http", base_url=[server.url]) as gateway:
            replies = [gateway.post("chat/completions", chat(stream=stream)) for stream in (False, True)]
            asyncio.run_coroutine_threadsafe(engine.close(), gateway.loop).result(10)
    assert replies[0].json()["choices"][0]["message"]["content"] == "42"
    assert replies[1].text.endswith("data: [DONE]\n\n")
    assert '"content":"42"' in replies[1].text


def test_an_upstream_that_stays_away_is_an_error_and_its_address_no_content() -> None:
    model = chat_model(lambda turn: "a thought</think>")
    with ChatServer(model) as server:
        engine = ChatEngine(servers(server.url))
        with serving(engine, engine="http", base_url=[server.url]) as gateway:
            assert gateway.post("chat/completions", chat()).status == 200
            server.die()
            replies = [gateway.post("chat/completions", chat(stream=stream)) for stream in (False, True)]
            asyncio.run_coroutine_threadsafe(engine.close(), gateway.loop).result(10)
    for reply in replies:
        assert reply.status in (502, 503)
        assert server.url not in reply.text


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("HTTP 500: no room", "HTTP 500: no room"),
        (f"HTTP 500: cannot encode {PROMPT!r} here", "HTTP 500: cannot encode [...] here"),
        (f'HTTP 400: "{PROMPT[:14]}..." is too long', "HTTP 400: [...] is too long"),
        ("HTTP 400: How Old\\n is: the one", "HTTP 400: [...] one"),
        (f"a picture {'A' * 300} of 3 KB", "a picture [...] of 3 KB"),
        ("", ""),
    ],
)
def test_a_log_has_what_a_server_says_without_what_it_quotes(message: str, shown: str) -> None:
    assert without_quotes(message, ("", PROMPT)) == shown
