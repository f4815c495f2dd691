"""When the pieces of a stream go out, and what is in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.http_writer import StreamWriter

from s1m.forcing.events import Event, ThinkingText
from s1m.gateway.replies import batches
from s1m.gateway.replies.batches import LEAST_SECONDS, MOST_SECONDS, Streams, batched
from s1m.gateway.replies.deltas import Delta, Reasoning
from tests.gateway.engines import Writer
from tests.gateway.serving import chat, serving

ASKED: Any = SimpleNamespace(
    strategy=SimpleNamespace(counts_ignored_stops=True, levels=(0,)),
    structure=SimpleNamespace(tools=()),
    dial=SimpleNamespace(thinking=True),
    shows_events=False,
)


def text(number: int) -> ThinkingText:
    return ThinkingText(chain=0, segment=0, text=f"{number} ")


def pieces(work: Callable[[Callable[[Event], None]], Any]) -> list[list[Delta]]:
    async def collected() -> list[list[Delta]]:
        return [batch async for batch in batched(ASKED, work, Streams())]

    return asyncio.run(collected())


def test_the_first_text_goes_out_alone_and_what_follows_at_once_is_one_piece() -> None:
    async def work(emit: Callable[[Event], None]) -> None:
        for number in range(50):
            emit(text(number))
            await asyncio.sleep(0)

    first, *others = pieces(work)
    assert len(others) <= 2
    assert first in ([Reasoning("0 ")], [Reasoning("0 1 ")])
    joined = "".join(delta.text for batch in (first, *others) for delta in batch if isinstance(delta, Reasoning))
    assert joined == "".join(f"{number} " for number in range(50))
    assert all(len(batch) == 1 for batch in others)


def test_the_more_streams_are_open_the_less_often_each_is_written_to() -> None:
    intervals = [Streams(open=count).interval for count in (1, 16, 64, 256, 4096)]
    assert intervals == sorted(intervals)
    assert (intervals[0], intervals[-1]) == (LEAST_SECONDS, MOST_SECONDS)


def test_a_stream_that_is_silent_says_that_it_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "QUIET_SECONDS", 0.01)
    heard = asyncio.Event()

    async def work(emit: Callable[[Event], None]) -> None:
        await heard.wait()
        emit(text(0))

    async def collected() -> list[list[Delta]]:
        seen: list[list[Delta]] = []
        async for batch in batched(ASKED, work, Streams()):
            seen.append(batch)
            if seen == [[], [], []]:
                heard.set()
        return seen

    seen = asyncio.run(collected())
    assert seen[:3] == [[], [], []]
    assert [batch for batch in seen if batch] == [[Reasoning("0 ")]]


def test_an_error_comes_after_the_text_before_it() -> None:
    async def work(emit: Callable[[Event], None]) -> None:
        emit(text(0))
        raise ValueError("broken")

    async def collected() -> list[list[Delta]]:
        seen: list[list[Delta]] = []
        try:
            async for batch in batched(ASKED, work, Streams()):
                seen.append(batch)  # noqa: PERF401 - what came before the error is wanted
        except ValueError:
            seen.append([])
        return seen

    assert asyncio.run(collected()) == [[Reasoning("0 ")], []]


def test_the_head_of_a_stream_goes_out_with_its_first_text(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    write = StreamWriter._writelines
    write_one = StreamWriter._write

    def noting(self: StreamWriter, chunks: Any) -> None:
        written.append(b"".join(chunks))
        write(self, chunks)

    def noting_one(self: StreamWriter, chunk: Any) -> None:
        written.append(bytes(chunk))
        write_one(self, chunk)

    monkeypatch.setattr(StreamWriter, "_writelines", noting)
    monkeypatch.setattr(StreamWriter, "_write", noting_one)
    with serving(Writer()) as gateway:
        assert gateway.post("chat/completions", chat("How many?", stream=True)).chunks()
    (head,) = [each for each in written if each.startswith(b"HTTP/1.1 200")]
    assert b'"reasoning"' in head
