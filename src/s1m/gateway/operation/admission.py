"""Who may ask, and how much at once: keys, slots in all, slots for each key."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s1m.errors import UsageError
from s1m.gateway.errors import RETRY_SECONDS, ApiError

LEAST_KEY = 8
"""Characters of a key; a shorter one is a slip, or guessed in a minute."""
POLL_SECONDS = 0.05
LAST_SECONDS = 5.0
"""How long a request that is cut short may take to say so to its client."""
NO_KEY = "-"
"""What the log calls a client where no keys are needed."""


class Keys:
    """The keys that are let in, by their names. Only their hashes are kept."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._names = {_hash(key): name for key, name in named.items()}

    @property
    def needed(self) -> bool:
        """Whether a request must have one."""
        return bool(self._names)

    def name_of(self, authorization: str | None, api_key: str | None = None) -> str:
        """The name of the key in the header ``Authorization: Bearer KEY`` or ``x-api-key``. Raises ``ApiError``."""
        if not self._names:
            return NO_KEY
        scheme, _, given = (authorization or "").partition(" ")
        key = given.strip() if scheme.lower() == "bearer" else api_key or ""
        sent = _hash(key)
        # Every one is compared, in constant time, so that the time says nothing about a key.
        names = [name for known, name in self._names.items() if hmac.compare_digest(known, sent)]
        if not names:
            wrong = "the API key is not one of this gateway's; check it"
            raise ApiError(
                wrong if key else "this gateway needs an API key: send the header Authorization: Bearer KEY",
                status=401,
                code="invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return names[0]


def read_keys(path: str, environment: str) -> Keys:
    """The keys in a file, a line each, with a name before the key or not; or else in a variable, between commas.

    Raises ``UsageError``.
    """
    if path:
        try:
            lines = Path(path).expanduser().read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"--keys-file {path} cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from None
        lines = [line for line in lines if line.strip() and not line.startswith("#")]
        if not lines:
            raise UsageError(f"--keys-file {path} has no key: write one a line, or leave the flag out")
    else:
        lines = [key for key in environment.split(",") if key.strip()]
    named: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        *name, key = line.split()
        if len(key) < LEAST_KEY or len(name) > 1:
            raise UsageError(f"key {number} of the gateway is not NAME KEY with at least {LEAST_KEY} characters")
        named[key] = name[0] if name else f"key-{number}"
    return Keys(named)


def shutting_down() -> ApiError:
    """The refusal of a gateway that ends."""
    later = {"Retry-After": str(RETRY_SECONDS)}
    return ApiError("this gateway is shutting down; ask another", status=503, code="draining", headers=later)


@dataclass(eq=False)
class Slot:
    """What one request holds while it is under way; ``ended`` where the gateway itself cut it short."""

    task: asyncio.Task[Any] | None
    ended: bool = False


class Slots:
    """Requests under way: at most ``most`` together, at most ``most_each`` of one key."""

    def __init__(self, most: int, most_each: int) -> None:
        self._most = most
        self._most_each = most_each
        self._taken: Counter[str] = Counter()
        self._slots: set[Slot] = set()
        self.draining = False

    @property
    def taken(self) -> int:
        """Requests under way."""
        return len(self._slots)

    @contextlib.contextmanager
    def slot(self, key: str) -> Iterator[Slot]:
        """A slot while the block runs. Raises ``ApiError`` where there is none."""
        later = {"Retry-After": str(RETRY_SECONDS)}
        if self.draining:
            raise shutting_down()
        if self.taken >= self._most:
            raise ApiError(f"{self._most} requests are under way", status=429, code="full", headers=later)
        if key != NO_KEY and self._taken[key] >= self._most_each:
            raise ApiError(
                f"this key has {self._most_each} requests under way", status=429, code="key_full", headers=later
            )
        self._taken[key] += 1
        slot = Slot(asyncio.current_task())
        self._slots.add(slot)
        try:
            yield slot
        finally:
            self._slots.discard(slot)
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]

    async def emptied(self, seconds: float, hurry: asyncio.Event) -> None:
        """Take no more requests, and wait until those under way have ended.

        After ``seconds``, or when ``hurry`` is set, they are cut short.
        """
        self.draining = True
        until = asyncio.get_running_loop().time() + seconds
        while self._slots and not hurry.is_set() and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(POLL_SECONDS)
        for slot in list(self._slots):
            slot.ended = True
            if slot.task is not None:
                slot.task.cancel()
        tasks = [slot.task for slot in self._slots if slot.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_SECONDS)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
