"""The retry policy: how many tries, the waits between them, and how long a server may be gone. Decided here alone.

The sender of a request raises ``Transient`` for a failure that another try may cure; everything else passes through.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from s1m.errors import EngineError


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
        """How long to wait after a number of failures in a row.

        Full jitter: anything between 0 and the ceiling, so that clients that failed together do not return together.
        What the server asked for comes before the jitter, which is then at most ``base_seconds``.
        """
        asked = self.granted(retry_after_seconds)
        if asked is not None:
            return asked + random.uniform(0.0, self.base_seconds)
        ceiling = min(self.cap_seconds, self.base_seconds * 2.0 ** min(failures - 1, 60))
        return random.uniform(0.0, ceiling)

    def granted(self, retry_after_seconds: float | None) -> float | None:
        """What a server asked for, as far as it is granted."""
        if retry_after_seconds is None:
            return None
        return min(max(0.0, retry_after_seconds), self.retry_after_cap_seconds)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """The retry policy of a run. Raises ``ValueError`` for impossible values."""

    timeout_seconds: float = 600.0
    """For a request as a whole, however slowly its answer trickles in."""
    max_retries: int = 8
    """After the first try of a request. Where one request in five fails, nine tries lose one in two million."""
    backoff: Backoff = Backoff()
    start_seconds: float = 15.0
    """For a server that has never answered."""
    outage_seconds: float = 300.0
    """Outage timeout, once every server has gone away: a restart with weights to load takes minutes."""

    def __post_init__(self) -> None:
        if self.timeout_seconds <= 0 or self.max_retries < 0 or self.start_seconds < 0 or self.outage_seconds < 0:
            raise ValueError("timeout_seconds must be above 0, max_retries and the other times at least 0")


Kind = Literal["broken", "unreachable", "busy", "overloaded"]
"""What a failure says about the server: nothing more; that it takes no connection; that it is alive and wants fewer
requests at once (429); that it wants fewer or is about to go (503, no answer in time)."""


SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Transient(Exception):
    """A failure that another try may cure."""

    def __init__(self, reason: str, *, kind: Kind = "broken", retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.retry_after_seconds = retry_after_seconds


class GaveUp(EngineError):
    """Every try failed in a way that another might have cured, so the problem stays pending; ``last`` is how."""

    def __init__(self, tries: int, last: Transient) -> None:
        super().__init__(f"gave up (tries: {tries}, the last one: {last})")
        self.last = last
        self.kind = {"busy": "rate limited", "unreachable": "unreachable"}.get(last.kind, "server fault")


def wait_asked(headers: Mapping[str, str]) -> str | None:
    """What a reply's headers say of when to ask again, as a Retry-After; OpenAI and Azure also count milliseconds.

    LiteLLM's proxy passes on what its own server asked for, under another name.
    """
    milliseconds = headers.get("retry-after-ms", "")
    if milliseconds.strip().isdecimal():
        return str(int(milliseconds) / 1000)
    return headers.get("retry-after") or headers.get("llm_provider-retry-after")


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """The wait a Retry-After header asks for, given as seconds or as an HTTP date; None when absent or unreadable."""
    if header is None:
        return None
    if SECONDS.fullmatch(header.strip()):
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError, TypeError, IndexError):  # what the parser makes of other texts
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
