"""What the gateway notes of the request that it works on, for its log and its metrics."""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field

from s1m.gateway.operation.admission import NO_KEY


@dataclass
class Call:
    """One request under way. Nothing of it is secret but ``texts``, which is there so that no log quotes it."""

    id: str = field(default_factory=lambda: f"req_{secrets.token_hex(8)}")
    key: str = NO_KEY
    """The name of the client's key."""
    note: str = ""
    status: int | None = None
    """What a stream came to, once it had begun with 200."""
    first_seconds: float | None = None
    """When the first text of a stream went out."""
    texts: tuple[str, ...] = field(default=(), repr=False)
    """What was said in the conversation."""


_current: ContextVar[Call] = ContextVar("s1m_call")


def begin_call() -> Call:
    """A new call, the current one of this task."""
    call = Call()
    _current.set(call)
    return call


def current_call() -> Call:
    """The call that this task works on."""
    return _current.get()
