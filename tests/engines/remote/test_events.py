"""Server-sent events, in whatever pieces they arrive, and requests that are answered by them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.engines.remote import Request, Servers
from s1m.engines.remote.events import Events
from s1m.engines.remote.reply import Unreadable
from s1m.engines.remote.retry import GaveUp, Transient
from s1m.errors import EngineError
from tests.engines.asking import servers
from tests.engines.chat_server import Answer, ChatServer, answer

STREAM = b': hello\n\ndata: {"n": 1}\r\n\r\ndata:{"n": 2}\n\nevent: x\ndata: {"n": 3}\n\ndata: [DONE]\n\n'


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_do_not_depend_on_how_they_are_cut(cuts: list[int]) -> None:
    events, seen = Events(2**20), []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(STREAM)], strict=True):
        seen += events.read(STREAM[start:end])
    assert seen == [b'{"n": 1}', b'{"n": 2}', b'{"n": 3}']
    assert (events.ended, events.plain) == (True, None)


def test_an_answer_that_is_no_stream_is_given_whole() -> None:
    events = Events(2**20)
    assert [events.read(part) for part in (b' {"a":', b"\n1}")] == [[], []]
    assert events.plain == b' {"a":\n1}'


def test_a_line_without_end_is_not_kept() -> None:
    events = Events(2**20)
    events.read(b"data: " + b"x" * (2**20 - 6))
    with pytest.raises(Transient, match="larger than 1 MiB"):
        events.read(b"x")


def asked(replies: list[Answer], **patience: Any) -> list[bytes]:
    """The events that a request takes, one reply after another."""
    taken: list[bytes] = []

    async def body(_server: object) -> bytes:
        return b"{}"

    def take(data: bytes) -> int | None:
        if b"bad" in data:
            raise Unreadable("no number")
        taken.append(data)
        return None if b"enough" in data else 1

    async def go(pool: Servers) -> None:
        request = Request(path="x", body=body, read=taken.append, on_event=take, arrived=lambda: len(taken))
        try:
            await pool.ask(request)
        finally:
            await pool.close()

    left = iter(replies)
    with ChatServer(lambda _: next(left)) as server:
        asyncio.run(go(servers(server.url, **patience)))
    return taken


def stream(*data: str, end: str = "[DONE]", fault: str = "") -> Answer:
    lines = "".join(f"data: {each}\n\n" for each in (*data, *([end] if end else [])))
    return Answer(body=lines.encode(), fault=fault)  # type: ignore[arg-type]


def test_a_stream_is_read_to_its_end() -> None:
    assert asked([stream("1", "2")]) == [b"1", b"2", b""]


def test_a_stream_ends_where_it_is_no_more_wanted() -> None:
    assert asked([stream("1", "enough", "3")]) == [b"1", b"enough", b""]


def test_a_server_that_does_not_stream_is_read_as_ever() -> None:
    assert asked([answer({"n": 1})]) == [b'{"n": 1}']


def test_what_breaks_off_is_asked_again() -> None:
    replies = [stream("1", end=""), stream("2", "bad"), stream("3", "4", fault="reset mid-body"), stream("5")]
    assert asked(replies)[-2:] == [b"5", b""]
    with pytest.raises(GaveUp, match="no number: bad"):
        asked([stream("bad")] * 20)


def test_a_stream_that_gets_on_is_asked_again_without_end() -> None:
    assert asked([stream("1", end="")] * 40 + [stream("2")]) == [b"1"] * 40 + [b"2", b""]


def test_a_status_is_a_status_also_where_a_stream_was_asked_for() -> None:
    with pytest.raises(EngineError, match="no such thing"):
        asked([answer({"error": {"message": "no such thing"}}, 400)])


def test_events_that_trickle_run_out_of_time() -> None:
    with pytest.raises(GaveUp, match="no answer within"):
        asked([stream("1", "2", fault="trickle")] * 20, timeout_seconds=0.2, max_retries=1)
