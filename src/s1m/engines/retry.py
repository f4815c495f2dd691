"""How often and how long after a passing failure a request is sent again: the only place that decides it.

Whoever sends a request raises ``Transient`` for a failure that another try may cure; everything else passes through.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from s1m.errors import EngineError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Waits between tries, in seconds."""

    base_seconds: float = 0.5
    """Ceiling of the first wait; it doubles with every further one."""
    cap_seconds: float = 30.0
    """Ceiling of every wait that the server does not ask for."""
    retry_after_cap_seconds: float = 60.0
    """Longest wait that a server's Retry-After is granted."""

    def wait_seconds(self, failures: int, retry_after_seconds: float | None) -> float:
        """How long to wait after so many failures in a row.

        Full jitter: anything between 0 and the ceiling, so that clients that failed together do not return together.
        What the server asked for comes before the jitter, which is then at most ``base_seconds``.
        """
        if retry_after_seconds is not None:
            asked = min(max(0.0, retry_after_seconds), self.retry_after_cap_seconds)
            return asked + random.uniform(0.0, self.base_seconds)
        ceiling = min(self.cap_seconds, self.base_seconds * 2.0 ** min(failures - 1, 60))
        return random.uniform(0.0, ceiling)


DEFAULT_BACKOFF = Backoff()


class Transient(Exception):
    """A failure that another try may cure. ``unreachable`` means that nobody took the connection at all."""

    def __init__(self, reason: str, *, retry_after_seconds: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds
        self.unreachable = unreachable


class GaveUp(EngineError):
    """Every try failed in a way that another might have cured, so the problem stays owed; ``last`` is how."""

    def __init__(self, tries: int, last: Transient) -> None:
        super().__init__(f"gave up (tries: {tries}, the last one: {last})")
        self.last = last


async def retry(attempt: Callable[[], Awaitable[T]], *, max_retries: int, backoff: Backoff) -> T:
    """What ``attempt`` returns, tried once and then up to ``max_retries`` times more.

    Raises ``GaveUp`` when all tries end in ``Transient``; any other exception of ``attempt`` at once.
    """
    failures = 0
    while True:
        try:
            return await attempt()
        except Transient as failure:
            failures += 1
            if failures > max_retries:
                raise GaveUp(failures, failure) from failure
            wait_seconds = backoff.wait_seconds(failures, failure.retry_after_seconds)
        await asyncio.sleep(wait_seconds)


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """The wait a Retry-After header asks for, given as seconds or as an HTTP date; None when absent or unreadable."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
