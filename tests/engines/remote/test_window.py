"""How many requests a server is given: grows while it pays, shrinks when told, serves the oldest first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from s1m.engines.remote.connection import Connection
from s1m.engines.remote.server import STRETCH_TOKENS, Request, Server
from s1m.engines.remote.window import REST_ROUNDS, START_SLOTS, ServerLeft, Window


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def hold(window: Window) -> None:
    """Take a slot and keep it."""
    async with window.slot(0):
        await asyncio.Event().wait()


class Load:
    """A window with more requests waiting than slots, at a server whose speed depends on the slots."""

    def __init__(self, most: int, speed: Callable[[int], float]) -> None:
        self.clock = Clock()
        self.window = Window(most, clock=self.clock)
        self.speed = speed
        self._tasks: list[asyncio.Task[None]] = []

    async def fill(self, requests: int) -> None:
        for order in range(requests):
            self._tasks.append(asyncio.create_task(self._hold(order)))
        await asyncio.sleep(0)

    async def _hold(self, order: int) -> None:
        async with self.window.slot(order):
            await asyncio.Event().wait()

    async def rounds(self, count: int) -> list[int]:
        """The slots after each round of answers of one token each."""
        slots = []
        for _ in range(count):
            now = self.window.slots
            self.clock.now += now / self.speed(now)
            for _ in range(now):
                self.window.completed(1)
            slots.append(self.window.slots)
        await self.settle()
        return slots

    async def settle(self) -> None:
        await asyncio.sleep(0)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def load(most: int, speed: Callable[[int], float], rounds: int, requests: int = 2000, room: int = 0) -> list[int]:
    async def main() -> list[int]:
        under = Load(most, speed)
        under.window.has_room_for(room)
        await under.fill(requests)
        slots = await under.rounds(rounds)
        await under.close()
        return slots

    return asyncio.run(main())


def test_it_grows_while_that_pays_and_goes_back_to_what_was_best() -> None:
    slots = load(512, lambda slots: 10.0 * min(slots, 64), 8)
    assert slots == [32, 64, 64, 128, 128, 128, 64, 64]


def test_it_never_grows_beyond_the_most_allowed() -> None:
    assert load(100, float, 6) == [32, 64, 64, 100, 100, 100]
    assert Window(8).slots == 8


def test_it_begins_with_what_the_server_says_it_has_room_for() -> None:
    window = Window(512)
    window.has_room_for(128)
    assert window.slots == 128
    window.has_room_for(40)  # of another model: no reason to shrink
    assert window.slots == 128
    window.restart()
    assert window.slots == 128
    window.has_room_for(10_000)
    assert window.slots == 512


def test_room_is_not_believed_against_a_refusal() -> None:
    window = Window(512)
    window.overloaded(None, began=window._clock())
    window.has_room_for(128)
    assert window.slots == 21


def test_a_server_with_room_gets_more_where_that_pays_and_else_goes_back_to_its_room() -> None:
    assert load(512, lambda slots: 10.0 * min(slots, 128), 5, room=128) == [128, 256, 256, 256, 128]


def test_a_stream_tells_the_window_how_fast_it_is_long_before_its_end() -> None:
    """Else the limit would stay where it began until the first chains of a run have ended."""

    class Streaming:
        """A connection whose stream has an event a stretch, and then looks at the slots."""

        async def stream(self, _method: str, _path: str, _content: bytes, take: Callable[[bytes], bool]) -> bytes:
            for _ in range(10 * START_SLOTS):
                clock.now += 1.0 / window.slots
                take(b"")
            seen.append(window.slots)
            return b""

    async def main() -> None:
        waiting = [asyncio.create_task(hold(window)) for _ in range(2000)]
        server = Server(cast("Connection", Streaming()), window)
        await asyncio.sleep(0)
        request = Request(path="x", read=lambda _: None, on_event=lambda _: STRETCH_TOKENS)
        await server._exchange(request)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    clock, seen = Clock(), list[int]()
    window = Window(256, clock=clock)
    asyncio.run(main())
    assert seen == [4 * START_SLOTS]


def test_it_does_not_grow_where_nothing_waits() -> None:
    assert load(512, float, 4, requests=START_SLOTS) == [START_SLOTS] * 4


def test_growth_is_tried_again_after_a_rest() -> None:
    slots = load(512, lambda slots: 10.0 * min(slots, 64), 8 + 2 * REST_ROUNDS)
    assert max(slots[8:]) == 128
    assert slots[8:].count(128) <= 6
    assert slots[8:].count(64) >= 2 * REST_ROUNDS - 6


def test_an_overloaded_server_gets_less_at_once_and_more_slowly() -> None:
    async def main() -> list[int]:
        under = Load(512, float)
        await under.fill(500)
        began = under.clock.now
        under.clock.now += 1
        slots = []
        for _ in range(5):  # one outcry of many requests is one
            under.window.overloaded(None, began)
            slots.append(under.window.slots)
        under.clock.now += 1
        under.window.overloaded(None, under.clock.now)
        slots.append(under.window.slots)
        slots += await under.rounds(3)
        await under.close()
        return slots

    assert asyncio.run(main()) == [21, 21, 21, 21, 21, 14, 15, 16, 17]


def test_it_never_shrinks_to_nothing() -> None:
    clock = Clock()
    window = Window(4, clock=clock)
    for _ in range(20):
        clock.now += 1
        window.overloaded(None, clock.now)
    assert window.slots == 1


def test_a_server_that_asks_for_a_pause_gets_it() -> None:
    async def main() -> float:
        window = Window(4)
        loop = asyncio.get_running_loop()
        began = loop.time()
        window.overloaded(0.2, began)
        async with window.slot(0):
            return loop.time() - began

    assert 0.2 <= asyncio.run(main()) < 2


def test_the_oldest_goes_in_first_and_who_stops_waiting_is_passed_over() -> None:
    async def main() -> list[int]:
        window, went_in = Window(1), []

        async def enter(order: int) -> None:
            async with window.slot(order):
                went_in.append(order)
                await asyncio.sleep(0.001)

        tasks = []
        for order in (0, 7, 3, 5, 4):
            tasks.append(asyncio.create_task(enter(order)))
            await asyncio.sleep(0)
        tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (window.under_way, window.load) == (0, 0)
        return went_in

    assert asyncio.run(main()) == [0, 3, 4, 7]


def test_a_place_given_to_one_who_has_just_left_goes_on_to_the_next() -> None:
    async def main() -> list[int]:
        window, went_in = Window(1), []

        async def enter(order: int) -> None:
            async with window.slot(order):
                went_in.append(order)
                await asyncio.sleep(0)

        first = asyncio.create_task(enter(0))
        second, third = asyncio.create_task(enter(1)), asyncio.create_task(enter(2))
        await asyncio.sleep(0)
        await first  # the second has its place, but has not woken up
        second.cancel()
        await asyncio.gather(second, third, return_exceptions=True)
        return went_in

    assert asyncio.run(main()) in ([0, 2], [0, 1, 2])


def test_everybody_who_waits_is_sent_away_when_the_server_goes() -> None:
    async def main() -> None:
        window = Window(1)
        async with window.slot(0):
            waiting = asyncio.create_task(window.slot(1).__aenter__())
            await asyncio.sleep(0)
            window.send_away()
            with pytest.raises(ServerLeft):
                await waiting
        window.restart()
        assert (window.under_way, window.slots) == (0, 1)

    asyncio.run(main())
