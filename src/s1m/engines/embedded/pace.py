"""How often those who listen to a batch hear of it: the more of them there are, the less often each."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS_EACH = 0.004
"""Between two hearings, for every listener but the first. Decoding a text, handing it to another thread and sending it
on takes about 0.1 ms, during which the rows wait for the interpreter; so hearings cost a fortieth of the time, and 64
listeners hear four times a second, which still reads as writing. One alone hears every token."""


class Pace:
    """Says when the listeners of a batch are next told what is new; all in the same round, so they cost one wake-up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0

    def is_due(self, listeners: int) -> bool:
        """Whether ``listeners`` hear this round."""
        if not listeners:
            return False
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + (listeners - 1) * SECONDS_EACH
        return True
