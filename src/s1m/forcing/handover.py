"""From an engine's thread to the event loop: what comes before the loop gets to it costs one wake-up together."""

from __future__ import annotations

import contextlib
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary


class Handover:
    """Calls in one event loop, in the order in which another thread asks for them."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[[str], None], str]] = deque()
        self._scheduled = False

    def call(self, loop: AbstractEventLoop, do: Callable[[str], None], text: str) -> None:
        """Have ``loop`` call ``do`` with ``text``; nothing happens when it is closed."""
        self._waiting.append((do, text))
        if self._scheduled:
            return
        self._scheduled = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: none reads on
            loop.call_soon_threadsafe(self._run)

    def _run(self) -> None:
        # Before anything is taken, so that what is added meanwhile is either taken too or schedules another run.
        self._scheduled = False
        while self._waiting:
            do, text = self._waiting.popleft()
            do(text)


_of_loops: WeakKeyDictionary[AbstractEventLoop, Handover] = WeakKeyDictionary()


def handover_to(loop: AbstractEventLoop) -> Handover:
    """The hand-over that all flows of a loop share."""
    return _of_loops.setdefault(loop, Handover())
