"""Many servers as one: which of them takes a request, what happens when it fails, who is gone and who is back.

A problem stays with the server that had it first, whose prefix cache knows it; a new one goes where the least is under
way. A server that nobody answers at is left: what waited for it goes elsewhere, and it is asked every few seconds
whether it is back.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from s1m.engines.remote.connection import Connection
from s1m.engines.remote.endpoint import api_root, checked_key
from s1m.engines.remote.refusals import reported
from s1m.engines.remote.reply import Unreadable
from s1m.engines.remote.retry import GaveUp, Patience, Transient
from s1m.engines.remote.window import Left, Window
from s1m.errors import EngineError, EngineUnavailable, UsageError

T = TypeVar("T")

logger = logging.getLogger("s1m")

REMEMBERED_PROBLEMS = 8192
"""Problems whose server is remembered; one that is forgotten may only lose a warm cache."""
GROUP_PROBLEMS = 64
"""Problems that came one after another and are worked on evenly, before any later one. Fewer, and a run ends with a few
of them alone at the server; more, and each one's prefix has left the server's cache before it is asked again."""
FIRST_GROUP = -1
"""What is found out about a server comes before every problem."""
FAILURES_TO_LEAVE = 10
"""Failures in a row after which a server that still takes connections counts as gone."""
PROBE_FIRST_SECONDS = 0.1
PROBE_LONGEST_SECONDS = 5.0
PROBE_TIMEOUT_SECONDS = 10.0


class Gone(EngineUnavailable):
    """Nobody answered for longer than is borne with."""


class Server:
    """One server: how to speak to it, how much it bears, whether it is there."""

    def __init__(self, connection: Connection, window: Window) -> None:
        self.connection = connection
        self.window = window
        self.reached = False
        self.gone = False
        self.failures_in_row = 0
        self.last_failure = ""

    @property
    def url(self) -> str:
        """Where its API lies."""
        return self.connection.api_url


@dataclass(frozen=True, kw_only=True)
class Request(Generic[T]):
    """What is asked: a GET, or a POST of the ``body`` that is made for the server that gets it.

    ``read`` raises ``Unreadable`` for a reply that is none; ``tokens`` are the work that an answer was.
    """

    path: str
    read: Callable[[bytes], T]
    body: Callable[[Server], Awaitable[bytes]] | None = None
    tokens: Callable[[T], int] = lambda _: 0


@dataclass
class Home:
    """Where a problem is asked, and which group it came with: the first group is finished first."""

    server: Server
    group: int


class Servers:
    """The servers at ``base_urls``, with one key. Raises ``UsageError`` for an address or a key that cannot be one.

    ``max_concurrency`` is the most requests under way at one server. Belongs to the event loop in which it is used;
    closed, it can be used again.
    """

    def __init__(
        self,
        base_urls: str | Sequence[str],
        api_key: str | None = None,
        *,
        max_concurrency: int = 256,
        patience: Patience | None = None,
    ) -> None:
        urls = [api_root(url) for url in ([base_urls] if isinstance(base_urls, str) else base_urls)]
        if not urls or len(set(urls)) < len(urls):
            raise UsageError(f"base URLs are one or several different ones, not {', '.join(urls) or 'none'}")
        if max_concurrency < 1:
            raise UsageError("max_concurrency must be above 0")
        key = checked_key(api_key)
        self._patience = patience or Patience()
        self.most_under_way = max_concurrency * len(urls)
        """Requests at all servers together."""
        self._all = [
            Server(
                Connection(
                    url, key, timeout_seconds=self._patience.timeout_seconds, max_connections=max_concurrency + 1
                ),
                Window(max_concurrency),
            )
            for url in urls
        ]
        self._homes: OrderedDict[str, Home] = OrderedDict()
        self._arrivals = itertools.count()
        self._probes: dict[Server, asyncio.Task[None]] = {}
        self._back = asyncio.Event()

    def __str__(self) -> str:
        return ", ".join(server.url for server in self._all)

    def __repr__(self) -> str:
        return f"Servers({str(self)!r})"

    def there(self) -> list[Server]:
        """The servers that are not known to be gone."""
        return [server for server in self._all if not server.gone]

    async def ask(
        self,
        request: Request[T],
        *,
        problem: str = "",
        at: Server | None = None,
        first: Callable[[Server], Awaitable[None]] | None = None,
    ) -> T:
        """What ``request.read`` makes of the reply, with as many tries as are borne with.

        Asked where ``problem`` is at home, or only ``at`` one server. ``first`` is awaited with the server before it
        is asked, and may refuse it. Raises ``GaveUp``, ``Gone`` or the ``EngineError`` that the request met.
        """
        failures = 0
        troubled_since: float | None = None
        while True:
            home = await self._home(problem, at)
            try:
                if first is not None:
                    await first(home.server)
                return await self._try(home, request)
            except Left:
                continue
            except Gone:
                if at is not None:
                    raise
            except Transient as failure:
                troubled_since = troubled_since or monotonic()
                if failure.kind != "unreachable":  # one that is gone is waited for, however many ask meanwhile
                    failures += 1
                lasting = monotonic() - troubled_since > self._patience.outage_seconds
                if failures > self._patience.max_retries or (lasting and failure.kind == "unreachable"):
                    raise GaveUp(failures, failure) from failure
                if not home.server.gone:
                    await asyncio.sleep(
                        self._patience.backoff.wait_seconds(max(1, failures), failure.retry_after_seconds)
                    )

    async def ask_each(self, request: Request[T]) -> dict[Server, T]:
        """The answers of all servers that can be reached. Raises ``Gone`` when none can be."""
        answers = await asyncio.gather(*(self.ask(request, at=server) for server in self._all), return_exceptions=True)
        found: dict[Server, T] = {}
        for server, answer in zip(self._all, answers, strict=True):
            if not isinstance(answer, BaseException):
                found[server] = answer
            elif not isinstance(answer, Gone):
                raise answer
        if not found:
            raise next(answer for answer in answers if isinstance(answer, Gone))
        return found

    async def close(self) -> None:
        """Stop asking who is back, and close every connection. Safe to call twice."""
        probes = list(self._probes.values())
        self._probes.clear()
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        self._back = asyncio.Event()  # the next to use it may be another event loop
        for server in self._all:
            server.gone = False
            await server.connection.close()

    async def _home(self, problem: str, at: Server | None) -> Home:
        """Where to ask now. Waits while nobody is there."""
        among = self._all if at is None else [at]
        while True:
            there = [server for server in among if not server.gone]
            if at is not None and there:
                return Home(at, FIRST_GROUP)
            if there:
                return self._settle(problem, there)
            self._back.clear()
            reached = any(server.reached for server in among)
            seconds = self._patience.outage_seconds if reached else self._patience.start_seconds
            try:
                async with asyncio.timeout(seconds):
                    await self._back.wait()
            except TimeoutError:
                raise _nobody(among, seconds, reached=reached) from None

    def _settle(self, problem: str, there: Sequence[Server]) -> Home:
        home = self._homes.get(problem)
        if home is None or home.server not in there:
            group = next(self._arrivals) // GROUP_PROBLEMS if home is None else home.group
            home = self._homes[problem] = Home(min(there, key=lambda server: server.window.load), group)
        self._homes.move_to_end(problem)
        if len(self._homes) > REMEMBERED_PROBLEMS:
            self._homes.popitem(last=False)
        return home

    async def _try(self, home: Home, request: Request[T]) -> T:
        server = home.server
        async with server.window.place(home.group):
            began = monotonic()
            try:
                method, content = ("GET", b"") if request.body is None else ("POST", await request.body(server))
                reply = await server.connection.exchange(method, request.path, content)
                try:
                    answer = request.read(reply)
                except Unreadable as error:
                    said = server.connection.quote(reply)
                    raise (reported(reply, said, server.url) or Transient(f"{error}: {said}".rstrip(": "))) from error
            except Transient as failure:
                self._failed(server, failure, began)
                raise
            except EngineError:
                server.reached = True
                raise
            server.reached = True
            server.failures_in_row = 0
            server.window.landed(request.tokens(answer))
            return answer

    def _failed(self, server: Server, failure: Transient, began: float) -> None:
        server.last_failure = str(failure)
        server.reached = server.reached or failure.kind != "unreachable"
        if failure.kind in ("busy", "overloaded"):
            server.window.overloaded(self._patience.backoff.granted(failure.retry_after_seconds), began)
        if failure.kind != "busy":
            server.failures_in_row += 1
        if failure.kind == "unreachable" or server.failures_in_row >= FAILURES_TO_LEAVE:
            self._leave(server)

    def _leave(self, server: Server) -> None:
        if server.gone:
            return
        server.gone = True
        if server.reached:
            others = any(not other.gone for other in self._all)
            where = "its work goes elsewhere" if others else "waiting until it is back"
            logger.warning("%s does not answer (%s); %s", server.url, server.last_failure, where)
        server.window.dismiss()
        self._probes[server] = asyncio.get_running_loop().create_task(self._probe(server))

    async def _probe(self, server: Server) -> None:
        seconds = PROBE_FIRST_SECONDS
        while server.gone:
            await asyncio.sleep(seconds)
            seconds = min(2 * seconds, PROBE_LONGEST_SECONDS)
            try:
                await server.connection.exchange("GET", "models", b"", timeout_seconds=PROBE_TIMEOUT_SECONDS)
            except Transient as failure:
                server.last_failure = str(failure)
                continue
            except EngineError:
                pass  # it refuses this request, so it is there
            if server.reached:
                logger.warning("%s is back", server.url)
            server.gone, server.failures_in_row = False, 0
            server.window.restart()
            self._back.set()
        self._probes.pop(server, None)


def _nobody(servers: Sequence[Server], seconds: float, *, reached: bool) -> Gone:
    urls = ", ".join(server.url for server in servers)
    reason = servers[0].last_failure
    if reached:
        return Gone(f"{urls} has not answered for {seconds:.0f} s ({reason}); start it, and the same command goes on")
    return Gone(
        f"nobody answers at {urls} ({reason}); start the server or correct --base-url, and check with: "
        f"curl {servers[0].url}/models"
    )
