"""Faults of the upstream, of clients and of the network: every request gets a well-formed end."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections import Counter
from typing import Any

import aiohttp
import openai
import pytest

from s1m.errors import EngineError, EngineUnavailable, PromptTooLong
from s1m.files.images import ImageError
from tests.gateway.engines import Writer, is_thinking
from tests.gateway.serving import Gateway, Reply, chat, serving, wait_until

SECRET = "sk-very-secret-0123456789"
PROMPT = "the text of a private question"
ADDRESS = "http://10.1.2.3:8000"


def failing(error: EngineError, *, in_answer: bool = False) -> Writer:
    return Writer(fault=lambda step: error if is_thinking(step) != in_answer else None)


def broken_image() -> EngineError:
    error = EngineError("problem p7: image 1 is cut off")
    error.__cause__ = ImageError("is cut off or broken")
    return error


@pytest.mark.parametrize("in_answer", [False, True])
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (EngineError(f"{ADDRESS} answered 500"), 502, "engine_error"),
        (EngineUnavailable(f"no server answers at {ADDRESS}"), 503, "engine_unavailable"),
        (PromptTooLong("p7 needs 5000 + 10 tokens"), 400, "context_length_exceeded"),
        (broken_image(), 400, "invalid_image"),
    ],
)
def test_an_error_of_the_upstream_is_an_error_and_never_content(
    error: EngineError, status: int, code: str, in_answer: bool
) -> None:
    with serving(failing(error, in_answer=in_answer)) as gateway:
        whole = gateway.post("chat/completions", chat())
        streamed = gateway.post("chat/completions", chat(stream=True))
    assert (whole.status, whole.error["code"]) == (status, code)
    assert streamed.status == 200  # it had begun
    assert streamed.chunks()[-1]["error"]["code"] == code
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert "choices" not in streamed.chunks()[-1]
    for reply in (whole, streamed):
        assert ADDRESS not in reply.text
        assert 'finish_reason":"stop' not in reply.text


def test_clients_raise_for_a_stream_that_fails_in_the_middle() -> None:
    with serving(failing(EngineError("gone"))) as gateway:
        with pytest.raises(openai.APIError), gateway.client().chat.completions.create(**chat(), stream=True) as stream:
            list(stream)
        with gateway.client().responses.create(model="bundled", input="How many?", stream=True) as responses:
            last = list(responses)[-1]
    assert last.type == "response.failed"


def test_an_upstream_that_hangs_is_left_at_the_deadline() -> None:
    engine = Writer(fault=lambda step: "hang")
    with serving(engine, request_seconds=0.5) as gateway:
        whole = gateway.post("chat/completions", chat())
        streamed = gateway.post("chat/completions", chat(stream=True))
    assert (whole.status, whole.error["code"]) == (504, "timeout")
    assert streamed.chunks()[-1]["error"]["code"] == "timeout"
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert engine.under_way == 0


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_vanishes_ends_the_work(stream: bool) -> None:
    engine = Writer(seconds_each=0.01, write=lambda step: "word " * 100_000)
    with serving(engine) as gateway, socket.create_connection(address_of(gateway)) as client:
        client.sendall(request_bytes(chat(stream=stream)))
        if stream:
            assert client.recv(100)
        wait_until(lambda: engine.under_way == 1)
        client.close()
        wait_until(lambda: engine.under_way == 0)
        written = engine.words
        time.sleep(0.1)
    assert engine.words == written


def test_a_body_that_is_too_large_is_refused_unread() -> None:
    with serving(Writer(), max_body_mb=1) as gateway:
        reply = gateway.post("chat/completions", chat("x" * (50 << 20)))
        chunked = exchange(
            gateway, head(**{"Transfer-Encoding": "chunked"}) + b"200000\r\n" + b"x" * 0x200000 + b"\r\n"
        )
    assert (reply.status, reply.error["type"]) == (413, "invalid_request_error")
    assert b" 413 " in chunked


def test_a_slow_body_is_given_up() -> None:
    with serving(Writer(), body_seconds=0.3) as gateway:
        reply = exchange(gateway, head(**{"Content-Length": "100"}) + b'{"model":')
        assert gateway.get("health").json()["requests"] == 0
    assert b" 408 " in reply
    assert b'"error"' in reply


def test_a_client_that_vanishes_while_it_sends_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with serving(Writer()) as gateway:
        with socket.create_connection(address_of(gateway)) as client:
            client.sendall(head(**{"Content-Length": "1000"}) + b'{"model":')
            wait_until(lambda: gateway.get("health").json()["requests"] == 1)
        wait_until(lambda: gateway.get("health").json()["requests"] == 0)
        assert gateway.post("chat/completions", chat()).status == 200
    assert "Traceback" not in caplog.text


def test_of_more_connections_than_places_every_one_gets_a_proper_end() -> None:
    async def ends(url: str) -> Counter[str]:
        async def ask(number: int) -> str:
            async with session.post(f"{url}/v1/chat/completions", json=chat(stream=number % 2 == 0)) as reply:
                text = await reply.text()
            if reply.status == 200:
                good = text.endswith("data: [DONE]\n\n") if number % 2 == 0 else json.loads(text)["choices"]
                return "answered" if good else text
            full = reply.status == 429 and json.loads(text)["error"]["code"] == "full" and reply.headers["Retry-After"]
            return "refused" if full else text

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            return Counter(await asyncio.gather(*map(ask, range(300))))

    with serving(Writer(seconds_each=0.001), max_requests=4) as gateway:
        counted = asyncio.run(ends(gateway.url))
    assert set(counted) <= {"answered", "refused"}
    assert (counted.total(), counted["answered"] >= 4) == (300, True)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a": "\\ud800"}', b"[" * 100_000, b'{"model": "bundled"}', b"\0" * 100],
)
def test_garbage_is_refused_in_the_form_of_an_error(body: bytes) -> None:
    with serving(Writer()) as gateway:
        for path in ("chat/completions", "responses"):
            reply = gateway.post(path, body)
            assert reply.status == 400
            assert reply.error["message"]


def test_a_form_of_another_site_is_refused() -> None:
    with serving(Writer()) as gateway:
        reply = gateway.post("chat/completions", chat(), **{"Content-Type": "text/plain"})
        allowed = gateway.post("chat/completions", chat(), Origin="https://elsewhere.example")
    assert reply.status == 415
    assert not [name for name in allowed.headers if name.lower().startswith("access-control")]


def test_neither_key_nor_prompt_nor_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    engine = Writer(write=lambda step: "private thought</think>" if is_thinking(step) else "private answer")
    with serving(engine, {SECRET: "team"}) as gateway:
        assert gateway.post("chat/completions", chat(PROMPT)).status == 200
        assert gateway.post("chat/completions", chat(PROMPT, stream=True)).status == 200
        assert gateway.post("chat/completions", {**chat(PROMPT), "temperature": 9}).status == 400
        assert gateway.post(f"unknown?key={SECRET}", chat(PROMPT)).status == 404
    said = caplog.text
    assert "key=team" in said
    for secret in (SECRET, PROMPT, "private"):
        assert secret not in said


@pytest.mark.parametrize(
    "sent",
    [
        f"GARBAGE {SECRET}\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\0\r\n\r\n".encode(),
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5 {SECRET}\r\n\r\n".encode(),
        f"GET /{SECRET * 1000} HTTP/1.1\r\n\r\n".encode(),
        b"\x16\x03\x01" + SECRET.encode(),
    ],
)
def test_what_is_not_even_http_is_refused_and_not_quoted_in_the_log(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(Writer()) as gateway:
        reply = exchange(gateway, sent)
        assert gateway.get("health").status == 200
    assert b" 400 " in reply
    assert SECRET not in caplog.text


def test_prompts_are_logged_where_that_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with serving(Writer(), log_prompts=True) as gateway:
        gateway.post("chat/completions", chat(PROMPT))
    assert PROMPT in caplog.text


def test_a_full_gateway_says_when_to_come_back() -> None:
    engine = Writer(seconds_each=0.02, write=lambda step: "word " * 1000)
    with serving(engine, max_requests=1) as gateway, socket.create_connection(address_of(gateway)) as first:
        first.sendall(request_bytes(chat(stream=True)))
        assert first.recv(100)
        reply = gateway.post("chat/completions", chat())
    assert (reply.status, reply.error["type"]) == (429, "rate_limit_error")
    assert int(reply.headers["Retry-After"]) > 0


def test_one_key_does_not_take_the_places_of_another() -> None:
    engine = Writer(seconds_each=0.02, write=lambda step: "word " * 1000)
    keys = {SECRET: "one", "another-key-1234": "other"}
    with serving(engine, keys, max_requests_per_key=1) as gateway:
        first = socket.create_connection(address_of(gateway))
        with first:
            first.sendall(request_bytes(chat(stream=True), Authorization=f"Bearer {SECRET}"))
            assert first.recv(100)
            full = gateway.post("chat/completions", chat())
            engine.write = lambda step: "fine</think>"
            other = exchange(
                gateway, request_bytes(chat(), Authorization="Bearer another-key-1234", Connection="close")
            )
    assert (full.status, full.error["code"]) == (429, "key_full")
    assert b" 200 " in other


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong-key-000"}, {"Authorization": "Basic eA=="}])
def test_a_client_without_a_key_is_refused(headers: dict[str, str]) -> None:
    with serving(Writer(), {SECRET: "team"}) as gateway:
        reply = exchange(gateway, request_bytes(chat(), Connection="close", **headers))
        health = exchange(gateway, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 401 " in reply
    assert b"invalid_api_key" in reply
    assert b" 200 " in health


def test_a_drained_gateway_ends_what_is_under_way_in_good_form() -> None:
    engine = Writer(seconds_each=0.01, write=lambda step: "word " * 100_000)
    with serving(engine) as gateway:
        with socket.create_connection(address_of(gateway)) as first:
            first.sendall(request_bytes(chat(stream=True)))
            assert first.recv(100)
            asyncio.run_coroutine_threadsafe(gateway.drain(0.2), gateway.loop).result(10)
            said = b""
            while not said.endswith(b"0\r\n\r\n") and (part := first.recv(65536)):
                said += part
        refused, health = gateway.post("chat/completions", chat()), gateway.get("health")
    assert b'"code":"draining"' in said
    assert b"[DONE]" in said
    assert (refused.status, health.status) == (503, 503)
    assert engine.under_way == 0


def test_paths_that_s1m_does_not_touch_are_refused_with_a_hint() -> None:
    with serving(Writer()) as gateway:
        reply = gateway.post("embeddings", {"input": "x"})
        wrong = gateway.get("v1/chat/completions")
    assert (reply.status, reply.error["code"]) == (404, "unknown_url")
    assert "--pass-through" in reply.error["message"]
    assert wrong.status in (404, 405)
    assert wrong.error["message"]


def test_security_headers_are_on_every_reply() -> None:
    with serving(Writer()) as gateway:
        replies: list[Reply] = [
            gateway.get(""),
            gateway.get("health"),
            gateway.get("nowhere"),
            gateway.post("chat/completions", chat()),
            gateway.post("chat/completions", chat(stream=True)),
        ]
    for reply in replies:
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        assert "aiohttp" not in reply.headers["Server"]


def address_of(gateway: Gateway) -> tuple[str, int]:
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    return host, int(port)


def head(**headers: str) -> bytes:
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: x", "Content-Type: application/json"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def request_bytes(body: dict[str, Any], **headers: str) -> bytes:
    content = json.dumps(body).encode()
    return head(**{"Content-Length": str(len(content)), **headers}) + content


def exchange(gateway: Gateway, sent: bytes) -> bytes:
    """Everything that comes back until the gateway hangs up."""
    with socket.create_connection(address_of(gateway), timeout=20) as client:
        client.sendall(sent)
        received = b""
        while part := client.recv(65536):
            received += part
    return received
