"""One event loop in a thread of its own, in which Python callers' questions are asked.

A connection to a server belongs to the loop in which it was opened. With one loop for all calls, an engine serves
``s1m.think`` again and again, and a notebook, whose own loop is running already, can call it as a script does.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from functools import cache
from typing import Any, TypeVar

from s1m.types import Engine

T = TypeVar("T")

CLOSING_SECONDS = 5.0
"""Longest wait for an engine's goodbye when Python ends."""

_kept: list[Engine] = []
"""Until Python ends: one that went away with its connections open would be complained about by their library."""


@cache
def background_loop() -> asyncio.AbstractEventLoop:
    """The loop, running since the first call."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="s1m-asking", daemon=True).start()
    atexit.register(_close_engines)
    return loop


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, waited for without a loop or in one; interrupted, it is cancelled."""
    future = asyncio.run_coroutine_threadsafe(work, background_loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


async def awaited(work: Coroutine[Any, Any, T]) -> T:
    """The same for a caller in a loop of its own, which goes on meanwhile; cancelled, it cancels ``work``."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, background_loop()))


async def iterated(make: Callable[[], AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
    """What the generator yields in the background, for a caller in a loop of its own; closing this closes it."""
    here = asyncio.get_running_loop()
    items: asyncio.Queue[tuple[T] | None] = asyncio.Queue()

    def put(item: tuple[T] | None) -> None:
        with contextlib.suppress(RuntimeError):  # the caller's loop is closed: none reads on
            here.call_soon_threadsafe(items.put_nowait, item)

    async def collect() -> None:
        try:
            async with aclosing(make()) as generated:
                async for item in generated:
                    put((item,))
        finally:
            put(None)

    collecting: Future[None] = asyncio.run_coroutine_threadsafe(collect(), background_loop())
    ended = False
    try:
        while (item := await items.get()) is not None:
            yield item[0]
        ended = True
        await asyncio.wrap_future(collecting)
    finally:
        collecting.cancel()
        while not ended and await items.get() is not None:  # until the engine has let go
            pass


def close_at_exit(engine: Engine) -> None:
    """Keep an engine that holds connections, and close it when Python ends."""
    _kept.append(engine)


def _close_engines() -> None:
    for engine in _kept:
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(engine.close(), background_loop()).result(CLOSING_SECONDS)
