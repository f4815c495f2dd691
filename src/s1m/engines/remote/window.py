"""How many requests a server is given at once: found out while it works, never guessed.

It grows while growing pays: a round is as many answers as there are places, and its tokens per second are compared
with the best so far. More of them, and the places double; twice no more, and they go back to what was best, to be tried
again a while later. The first round after every change says nothing: it is half of the old kind. A server that says it
is overloaded gets two thirds at once and one more place a round afterwards (additive increase, multiplicative decrease,
as in TCP).
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

START_PLACES = 32
"""A small server runs that many at once; a large one gets more within a few rounds."""
WORTHWHILE = 1.05
"""A round must be so many times as fast as the best for growth to go on."""
STRIKES = 2
"""Rounds without gain after which growth rests; one may be noise."""
REST_ROUNDS = 16
"""Rounds until growth is tried again: lengths change in the course of a run, and neighbours leave."""
DECREASE = 2 / 3


class Left(Exception):
    """The server went away while the request waited for its place."""


class Window:
    """Places for requests at one server, at most ``most``. Waiting requests go in by ``order``, then as they came."""

    def __init__(self, most: int, *, start: int = START_PLACES, clock: Callable[[], float] = monotonic) -> None:
        self.under_way = 0
        self._most = most
        self._clock = clock
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = itertools.count()
        self._start = min(start, most)
        self.restart()

    def restart(self) -> None:
        """Forget what was found out: the server has come back, perhaps as another."""
        self.places = self._start
        self._paused_until = -math.inf
        self._shrunk_at = -math.inf
        self._congested = False
        self._best_rate = 0.0
        self._strikes = 0
        self._resting = 0
        self._best_places = self.places
        self._changed = True
        self._begin_round()

    @property
    def load(self) -> float:
        """Requests under way and waiting, as a share of the places."""
        return (self.under_way + len(self._waiting)) / self.places

    @asynccontextmanager
    async def place(self, order: int) -> AsyncIterator[None]:
        """A place, held for as long as the context lasts. Raises ``Left`` when the server goes away meanwhile."""
        if self._waiting or not self._free():
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (order, next(self._arrivals), future))
            try:
                await future
            except asyncio.CancelledError:
                if future.done() and not future.cancelled() and future.exception() is None:
                    self._leave()
                raise
        else:
            self.under_way += 1
        try:
            yield
        finally:
            self._leave()

    def landed(self, tokens: int) -> None:
        """An answer of so many tokens came back: at the end of a round, see whether more places pay."""
        self._answers += 1
        self._tokens += tokens
        if not self._waiting:
            self._full = False
        if self._answers < self.places:
            return
        full, rate = self._full, self._tokens / max(1e-9, self._clock() - self._began)
        self._begin_round()
        if full:  # a round with places left empty says nothing of the server
            self._judge(rate)

    def overloaded(self, wait_seconds: float | None, began: float) -> None:
        """The server asked for less, of a request that ``began`` then: shrink once for all that were under way."""
        if wait_seconds is not None:
            self._pause(wait_seconds)
        if began < self._shrunk_at:
            return
        self.places = max(1, math.floor(self.places * DECREASE))
        self._congested, self._changed = True, False
        self._shrunk_at = self._clock()
        self._begin_round()

    def dismiss(self) -> None:
        """Send everybody away who waits: the server has gone."""
        waiting, self._waiting = self._waiting, []
        for _, _, future in waiting:
            if not future.done():
                future.set_exception(Left())

    def _judge(self, rate: float) -> None:
        if self._changed:
            self._changed = False
        elif self._congested:
            self._set_places(self.places + 1)
        elif self._resting:
            self._resting -= 1
            if not self._resting:
                self._best_rate, self._best_places, self._strikes = rate, self.places, STRIKES - 1
                self._set_places(2 * self.places)
        elif rate > WORTHWHILE * self._best_rate:
            self._best_rate, self._best_places, self._strikes = rate, self.places, 0
            self._set_places(2 * self.places)
        else:
            self._strikes += 1
            if self._strikes >= STRIKES:
                self._resting = REST_ROUNDS
                self._set_places(self._best_places)

    def _set_places(self, places: int) -> None:
        places = min(self._most, places)
        self._changed = places != self.places and not self._congested
        self.places = places
        self._admit()

    def _begin_round(self) -> None:
        self._began = self._clock()
        self._answers = 0
        self._tokens = 0
        self._full = True

    def _free(self) -> bool:
        return self.under_way < self.places and self._clock() >= self._paused_until

    def _leave(self) -> None:
        self.under_way -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._free():
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():  # else whoever waited was cancelled
                self.under_way += 1
                future.set_result(None)

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock() + seconds)
        asyncio.get_running_loop().call_later(seconds + 0.001, self._admit)
