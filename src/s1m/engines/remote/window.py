"""How many requests a server is given at once: measured while it works, never guessed.

The limit grows while growth pays. A round is as many replies as there are slots; its tokens per second are compared
with the best round so far. If it was faster, the slots double; after two rounds without gain they go back to what was
best, and growth is tried again later. The first round after every change is ignored, since half of its requests were
sent under the old limit. A server that reports overload gets two thirds of the slots at once, and one more a round
afterwards (additive increase, multiplicative decrease, as in TCP).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

START_SLOTS = 32
"""A small server runs that many at once; a large one gets more within a few rounds, or says that it has room."""
WORTHWHILE = 1.05
"""Growth goes on while a round is this many times as fast as the best one."""
STRIKES = 2
"""Rounds without gain after which growth rests; one may be noise."""
REST_ROUNDS = 16
"""Rounds until growth is tried again: lengths change in the course of a run, and neighbours leave."""
DECREASE = 2 / 3
"""Gentler than TCP's half: a server that refuses one request has its other slots at work."""


class ServerLeft(Exception):
    """The server went away while the request waited for a slot."""


class Window:
    """Slots for requests at one server, ``most`` or fewer. Requests wait in order of ``order``, then of arrival."""

    def __init__(self, most: int, *, start: int = START_SLOTS, clock: Callable[[], float] = monotonic) -> None:
        self.under_way = 0
        self._most = most
        self._clock = clock
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()
        self._start = min(start, most)
        self.restart()

    def restart(self) -> None:
        """Forget what was measured: the server has come back, and may be another one."""
        self.slots = self._start
        self._paused_until = -math.inf
        self._shrunk_at = -math.inf
        self._congested = False
        self._best_rate = 0.0
        self._strikes = 0
        self._resting = 0
        self._best_slots = self.slots
        self._changed = True
        self._begin_round()

    @property
    def load(self) -> float:
        """Requests under way and waiting, as a fraction of the slots."""
        return (self.under_way + len(self._waiting)) / self.slots

    @asynccontextmanager
    async def slot(self, order: int) -> AsyncIterator[None]:
        """A slot, held for as long as the context lasts. Raises ``ServerLeft`` when the server goes away meanwhile."""
        if self._waiting or not self._free():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (order, next(self._arrivals), future))
            try:
                await future
            except asyncio.CancelledError:
                # Cancelled in the same turn of the loop in which it got its slot: the slot goes back.
                if future.done() and not future.cancelled() and future.exception() is None:
                    self._leave()
                raise
        else:
            self.under_way += 1
        try:
            yield
        finally:
            self._leave()

    def completed(self, tokens: int) -> None:
        """A reply of ``tokens`` came back; at the end of a round, decide whether more slots pay."""
        self._replies += 1
        self._tokens += tokens
        if not self._waiting:
            self._full = False
        if self._replies < self.slots:
            return
        full, rate = self._full, self._tokens / max(1e-9, self._clock() - self._began)
        self._begin_round()
        if full:  # a round with empty slots says nothing about the server
            self._judge(rate)

    def overloaded(self, wait_seconds: float | None, began: float) -> None:
        """The server refused a request that ``began`` then: shrink once for all that were under way with it."""
        if wait_seconds is not None:
            self._pause(wait_seconds)
        if began < self._shrunk_at:  # it was sent under the old limit, so says nothing about the new one
            return
        self.slots = max(1, math.floor(self.slots * DECREASE))
        self._congested, self._changed = True, False
        self._shrunk_at = self._clock()
        self._begin_round()

    def has_room_for(self, requests: int) -> None:
        """Begin with ``requests``, now and after a restart: the server says that it can hold that many at once."""
        self._start = min(self._most, max(self._start, requests))
        if self.slots < self._start and not self._congested:
            self._set_slots(self._start)
            self._best_slots = self.slots
            self._begin_round()

    def send_away(self) -> None:
        """Raise ``ServerLeft`` in every request that waits: the server has gone."""
        waiting, self._waiting = self._waiting, []
        for _, _, future in waiting:
            if not future.done():
                future.set_exception(ServerLeft())

    def _judge(self, rate: float) -> None:
        if self._changed:
            self._changed = False
        elif self._congested:
            self._set_slots(self.slots + 1)
        elif self._resting:
            self._resting -= 1
            if not self._resting:
                self._best_rate, self._best_slots, self._strikes = rate, self.slots, STRIKES - 1
                self._set_slots(2 * self.slots)
        elif rate > WORTHWHILE * self._best_rate:
            self._best_rate, self._best_slots, self._strikes = rate, self.slots, 0
            self._set_slots(2 * self.slots)
        else:
            self._strikes += 1
            if self._strikes >= STRIKES:
                self._resting = REST_ROUNDS
                self._set_slots(self._best_slots)

    def _set_slots(self, slots: int) -> None:
        slots = min(self._most, slots)
        self._changed = slots != self.slots and not self._congested
        self.slots = slots
        self._admit()

    def _begin_round(self) -> None:
        self._began = self._clock()
        self._replies = 0
        self._tokens = 0
        self._full = True

    def _free(self) -> bool:
        return self.under_way < self.slots and self._clock() >= self._paused_until

    def _leave(self) -> None:
        self.under_way -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._free():
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():  # else the request was cancelled while it waited
                self.under_way += 1
                future.set_result(None)

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock() + seconds)
        # A timer of asyncio may fire a tick early, when the pause would still hold and no other call is scheduled.
        asyncio.get_running_loop().call_later(seconds + 0.001, self._admit)
