"""One server and the requests to it: each waits for a slot, is sent once, and its failure is counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from s1m.engines.remote.connection import Connection
from s1m.engines.remote.refusals import reported
from s1m.engines.remote.reply import Unreadable
from s1m.engines.remote.retry import Backoff, Transient
from s1m.engines.remote.window import Window
from s1m.errors import EngineError

T = TypeVar("T")

STRETCH_TOKENS = 32
"""Tokens of a stream that count as one reply where the concurrency limit is measured. A stream may last for minutes;
the limit has to be right long before. With 128 a third of a run of some hundred chains went by at a quarter of it."""

FAILURES_TO_LEAVE = 10
"""Failures in a row after which a server that still takes connections counts as gone. More than the tries of one
request, so that a problem which the server cannot do does not make all others leave it."""


class Server:
    """One server: its connections, its concurrency limit, and whether it can be reached."""

    def __init__(self, connection: Connection, window: Window) -> None:
        self.connection = connection
        self.window = window
        self.reached = False
        """Whether it has ever answered."""
        self.gone = False
        self.failures_in_row = 0
        self.last_failure = ""

    @property
    def url(self) -> str:
        """The root of its API."""
        return self.connection.api_url

    def is_lost(self, failure: Transient) -> bool:
        """Whether a failure is the one after which the server counts as gone."""
        return failure.kind == "unreachable" or self.failures_in_row >= FAILURES_TO_LEAVE

    async def attempt(self, request: Request[T], group: int, backoff: Backoff) -> T:
        """What ``request.read`` makes of the reply to one try, in a slot of ``group``.

        Raises ``Transient``, ``ServerLeft`` when the server goes away before there is a slot, or ``EngineError``.
        """
        async with self.window.slot(group):
            began = monotonic()
            try:
                result = await self._exchange(request)
            except Transient as failure:
                self._count(failure, began, backoff)
                raise
            except EngineError:
                self.reached = True
                raise
            self.reached = True
            self.failures_in_row = 0
            return result

    async def _exchange(self, request: Request[T]) -> T:
        method, content = ("GET", b"") if request.body is None else ("POST", await request.body(self))
        uncounted = 0

        def take(data: bytes) -> bool:
            nonlocal uncounted
            tokens = self._read(lambda: request.on_event(data) if request.on_event else None, data)
            self.reached, self.failures_in_row = True, 0
            uncounted += tokens or 0
            while uncounted > STRETCH_TOKENS:
                uncounted -= STRETCH_TOKENS
                self.window.completed(STRETCH_TOKENS)
            return tokens is None

        if request.on_event:
            reply = await self.connection.stream(method, request.path, content, take)
        else:
            reply = await self.connection.exchange(method, request.path, content)
        result = self._read(lambda: request.read(reply), reply)
        self.window.completed(request.tokens(result) if reply else uncounted)
        return result

    def _read(self, read: Callable[[], T], reply: bytes) -> T:
        """What ``read`` makes of a reply; one that it cannot read is a failure that another try may cure."""
        try:
            return read()
        except Unreadable as error:
            said = self.connection.quote(reply)
            failure = reported(reply, said, self.url) or Transient(f"{error}: {said}".rstrip(": "))
            raise failure from error

    def _count(self, failure: Transient, began: float, backoff: Backoff) -> None:
        self.last_failure = str(failure)
        self.reached = self.reached or failure.kind != "unreachable"
        if failure.kind in ("busy", "overloaded"):
            self.window.overloaded(backoff.granted(failure.retry_after_seconds), began)
        if failure.kind != "busy":
            self.failures_in_row += 1


@dataclass(frozen=True, kw_only=True)
class Request(Generic[T]):
    """What is asked: a GET, or a POST of the ``body`` that is made for the server that gets it.

    ``read`` raises ``Unreadable`` for a reply that is not what the endpoint should send. ``tokens`` says how much work
    a result was. Where there is an ``on_event`` the answer is asked for as a stream, and the data of each event goes
    there: it returns the number of tokens in it, None to end the stream, or raises ``Unreadable``. ``read`` then gets
    an empty reply, or the whole one from a server that does not stream. ``arrived`` is how much has come, in all tries
    together: a request that gets on is tried again however often it breaks off.
    """

    path: str
    read: Callable[[bytes], T]
    body: Callable[[Server], Awaitable[bytes]] | None = None
    tokens: Callable[[T], int] = lambda _: 0
    on_event: Callable[[bytes], int | None] | None = None
    arrived: Callable[[], int] = lambda: 0
