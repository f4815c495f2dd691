"""Deltas in batches: a model writes tokens faster than it is worth sending them one by one.

The first goes out at once. After each the next waits a little, and what has come meanwhile goes out together, texts
joined: at 64 streams, a chunk for every token would cost more time than the gateway's other work.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Protocol

from s1m.forcing.events import Event
from s1m.gateway.replies.deltas import Content, Delta, Reasoning, Translator
from s1m.gateway.replies.outcome import Outcome
from s1m.gateway.requests.asked import Asked

LEAST_SECONDS = 0.03
"""Between two pieces of a stream: less than a reader notices, and a fifth of the chunks of a model that writes 150
tokens/s."""
SECONDS_EACH = 0.008
"""Between two pieces, for every stream that is open: a piece costs about 0.2 ms, most of it in the system's call, so
that all of them together take a fortieth of the time. 64 streams are written to twice a second each."""
MOST_SECONDS = 0.5
QUIET_SECONDS = 15.0
"""Without anything to send, an empty batch says that the request is alive; proxies close what is silent for 60 s."""


@dataclass
class Streams:
    """The streams that are open, which share the time there is for writing."""

    open: int = 0

    @property
    def interval(self) -> float:
        """Seconds between two pieces of each of them."""
        return min(MOST_SECONDS, max(LEAST_SECONDS, self.open * SECONDS_EACH))


class Emit(Protocol):
    """What is called with an event, or the outcome, of a choice of a request."""

    def __call__(self, event: Event | Outcome, choice: int = 0, /) -> None:
        """Take it in."""
        ...


async def batched(
    asked: Asked, work: Callable[[Emit], Coroutine[Any, Any, None]], streams: Streams
) -> AsyncGenerator[list[Delta], None]:
    """The deltas of a request; an empty batch where there was none for a while.

    ``work`` calls what it is given with every event of the request. Raises what it raises; closing this cancels it.
    """
    batch = Batch(asked, streams)
    working = asyncio.create_task(work(batch.add))
    working.add_done_callback(batch.end)
    streams.open += 1
    try:
        while batch.waiting or not working.done():
            deltas = await batch.next()
            if deltas or not working.done():  # work that failed before anything came has nothing to yield
                yield deltas
        await working
    finally:
        streams.open -= 1
        batch.close()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


class Batch:
    """What is to be written next of one stream, and the alarm clock that says when.

    Streams wake in the same ticks of the loop: the engine's thread is then held up once for all of them.
    """

    def __init__(self, asked: Asked, streams: Streams) -> None:
        self.waiting: list[Delta] = []
        self._asked = asked
        self._translators: dict[int, Translator] = {}
        self._streams = streams
        self._loop = asyncio.get_running_loop()
        self._last = -math.inf
        """When the last piece went out."""
        self._alarm: asyncio.TimerHandle | None = None
        self._woken = self._loop.create_future()
        self._quiet_since = self._loop.time()
        self._watch = self._loop.call_later(QUIET_SECONDS, self._look)

    def add(self, event: Event | Outcome, choice: int = 0, /) -> None:
        """Take in what happened."""
        translator = self._translators.get(choice)
        if translator is None:
            translator = self._translators[choice] = Translator(self._asked, choice)
        self.waiting += translator.deltas(event)
        if not self.waiting or self._alarm is not None or self._woken.done():
            return
        interval = self._streams.interval
        now = self._loop.time()
        if now >= self._last + interval:
            self._wake()
        else:
            self._alarm = self._loop.call_at(math.ceil(now / interval) * interval, self._wake)

    def end(self, _work: object) -> None:
        """Nothing more is added."""
        self._wake()

    async def next(self) -> list[Delta]:
        """What has come when it is time; nothing when nothing came for a while."""
        await self._woken
        self._woken = self._loop.create_future()
        self._alarm = None
        self._last = self._quiet_since = self._loop.time()
        batch = joined(self.waiting)
        self.waiting.clear()
        return batch

    def close(self) -> None:
        """Forget the alarms."""
        self._watch.cancel()
        if self._alarm is not None:
            self._alarm.cancel()

    def _look(self) -> None:
        """Wake where nothing was sent for a while. One alarm looks again and again: to set it anew costs time."""
        until = self._quiet_since + QUIET_SECONDS
        if self._loop.time() >= until:
            self._wake()
            until = self._loop.time() + QUIET_SECONDS
        self._watch = self._loop.call_at(until, self._look)

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)


def joined(deltas: Sequence[Delta]) -> list[Delta]:
    """The deltas, those of each choice together, with neighbouring texts of one kind as one."""
    result: list[Delta] = []
    for delta in sorted(deltas, key=attrgetter("choice")):
        last = result[-1] if result else None
        if (
            isinstance(delta, Reasoning | Content)
            and isinstance(last, Reasoning | Content)
            and (type(delta), delta.choice) == (type(last), last.choice)
        ):
            result[-1] = replace(delta, text=last.text + delta.text)
        else:
            result.append(delta)
    return result
