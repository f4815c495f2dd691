"""How fast a run goes, and how long the rest of it takes."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Counts what is done since a run began or was resumed: ``pending`` problems, ``at_once`` of them in flight."""

    def __init__(self, *, pending: int, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._pending = pending
        self._at_once = at_once
        self._clock = clock
        self.start()
        self.done = 0
        """Problems recorded or failed."""
        self.tokens = 0
        """Tokens that were generated for those recorded."""

    def start(self) -> None:
        """Begin to measure."""
        self._began = self._clock()

    def count(self, tokens: int = 0) -> None:
        """A problem is done."""
        self.done += 1
        self.tokens += tokens

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    @property
    def tokens_per_second(self) -> float:
        """On average since the beginning."""
        return self.tokens / max(1e-9, self.seconds)

    @property
    def seconds_left(self) -> float | None:
        """Until the last problem is done; None while none is.

        Problems in flight count as half done. Without them, the first of 64 that run side by side to end would say that
        the others take 64 times as long as it did.
        """
        if not self.done:
            return None
        left = max(0, self._pending - self.done)
        half = min(self._at_once, left) / 2
        return self.seconds * (left - half) / (self.done + half)
