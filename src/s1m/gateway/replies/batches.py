"""Deltas in batches: a model writes tokens faster than it is worth sending them one by one.

The first goes out at once. After each the next waits ``INTERVAL_SECONDS`` at most, and what has come meanwhile goes out
together, texts joined: at 64 streams, a chunk for every token would cost more time than the gateway's other work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from s1m.forcing.events import Event
from s1m.gateway.replies.deltas import Content, Delta, Reasoning, Translator
from s1m.gateway.requests.asked import Asked

INTERVAL_SECONDS = 0.03
"""Shorter than a frame of what a reader notices, and a fifth of the chunks of a model that writes 150 tokens/s."""
QUIET_SECONDS = 15.0
"""Without anything to send, an empty batch says that the request is alive; proxies close what is silent for 60 s."""


async def batched(asked: Asked, events: AsyncGenerator[Event, None]) -> AsyncGenerator[list[Delta], None]:
    """The deltas of a request; an empty batch where there was none for a while. Raises what the events raise.

    Closing it closes ``events``, which cancels what the engine is doing.
    """
    translator = Translator(asked)
    waiting: list[Delta] = []
    arrived = asyncio.Event()

    async def read() -> None:
        try:
            async for event in events:
                waiting.extend(translator.deltas(event))
                if waiting:
                    arrived.set()
        finally:
            arrived.set()
            await events.aclose()

    reader = asyncio.create_task(read())
    try:
        while not (reader.done() and not waiting):
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    await arrived.wait()
            except TimeoutError:
                yield []
                continue
            arrived.clear()
            if waiting:
                batch = joined(waiting)
                waiting.clear()
                yield batch
            if not reader.done():
                await asyncio.sleep(INTERVAL_SECONDS)
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


def joined(deltas: Sequence[Delta]) -> list[Delta]:
    """The deltas with neighbouring texts of one kind as one."""
    result: list[Delta] = []
    for delta in deltas:
        last = result[-1] if result else None
        if isinstance(delta, Reasoning) and isinstance(last, Reasoning):
            result[-1] = Reasoning(last.text + delta.text)
        elif isinstance(delta, Content) and isinstance(last, Content):
            result[-1] = Content(last.text + delta.text)
        else:
            result.append(delta)
    return result
