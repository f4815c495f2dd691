"""Many servers as one: which of them gets a request, what happens when it fails, who is gone and who is back.

A problem stays with the server that had it first, whose prefix cache knows it; a new one goes to the server with the
smallest load. A server that does not answer is left: the requests that wait for it go to the others, and it is probed
every few seconds until it is back.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from s1m.engines.remote.connection import Connection, bearer
from s1m.engines.remote.endpoint import api_root, checked_key, without_password
from s1m.engines.remote.retry import GaveUp, Patience, Transient
from s1m.engines.remote.server import Request, Server
from s1m.engines.remote.window import ServerLeft, Window
from s1m.errors import EngineError, EngineUnavailable, UsageError

T = TypeVar("T")

logger = logging.getLogger("s1m")

REMEMBERED_PROBLEMS = 8192
"""Problems whose server is remembered; one that is forgotten may only lose a warm cache."""
GROUP_PROBLEMS = 64
"""Problems that came one after another and are worked on evenly, before any later one. With fewer, a run ends with a
few of them alone at the server; with more, each one's prefix has left the server's cache before its next step."""
FIRST_GROUP = -1
"""Questions about a server itself come before every problem."""
PROBE_FIRST_SECONDS = 0.1
PROBE_LONGEST_SECONDS = 5.0
"""Waits between two probes of a server that is gone; they double from the first to the longest."""
PROBE_TIMEOUT_SECONDS = 10.0


class Gone(EngineUnavailable):
    """No server answered within the time that the retry policy allows."""


@dataclass
class Home:
    """Where a problem is asked, and which group it came with: the first group is finished first."""

    server: Server
    group: int


class Servers:
    """The servers at ``base_urls``, with one key. Raises ``UsageError`` for an invalid address or key.

    ``max_concurrency`` limits the requests under way at one server; ``headers`` makes those that carry the key. Belongs
    to the event loop in which it is used; closed, it can be used again.
    """

    def __init__(
        self,
        base_urls: str | Sequence[str],
        api_key: str | None = None,
        *,
        max_concurrency: int = 256,
        patience: Patience | None = None,
        headers: Callable[[str | None], Mapping[str, str]] = bearer,
    ) -> None:
        given = [base_urls] if isinstance(base_urls, str) else base_urls
        urls = [api_root(url) for url in given]
        if not urls or len(set(urls)) < len(urls):
            shown = ", ".join(without_password(url) for url in given) or "none"
            raise UsageError(f"base URLs must be one or several different ones: {shown}; name each server once")
        if max_concurrency < 1:
            raise UsageError(f"max_concurrency must be at least 1: {max_concurrency}; raise it")
        key = checked_key(api_key)
        self._patience = patience or Patience()
        self.most_under_way = max_concurrency * len(urls)
        """Requests at all servers together."""
        timeout = self._patience.timeout_seconds
        self._all = [
            Server(
                # One connection beyond the limit, for the probe.
                Connection(
                    url, key, headers=headers(key), timeout_seconds=timeout, max_connections=max_concurrency + 1
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

    @property
    def urls(self) -> tuple[str, ...]:
        """The roots of their APIs."""
        return tuple(server.url for server in self._all)

    def reachable(self) -> list[Server]:
        """The servers that are not known to be gone."""
        return [server for server in self._all if not server.gone]

    async def ask(
        self,
        request: Request[T],
        *,
        problem: str = "",
        at: Server | None = None,
        first: Callable[[Server], Awaitable[object]] | None = None,
    ) -> T:
        """What ``request.read`` makes of the reply, tried as often as the retry policy allows.

        Asked where ``problem`` is at home, or only ``at`` one server. ``first`` is awaited with the server before it
        is asked, and may refuse it. Raises ``GaveUp``, ``Gone`` or the ``EngineError`` that the request met.
        """
        failures, arrived = 0, 0
        troubled_since: float | None = None
        while True:
            home = await self._home(problem, at)
            try:
                if first is not None:
                    await first(home.server)
                return await home.server.attempt(request, home.group, self._patience.backoff)
            except ServerLeft:
                continue
            except Gone:
                if at is not None:
                    raise
            except Transient as failure:
                if home.server.is_lost(failure):
                    self._leave(home.server)
                if request.arrived() > arrived:
                    failures, troubled_since, arrived = 0, None, request.arrived()
                troubled_since = troubled_since or monotonic()
                if failure.kind != "unreachable":  # a server that is gone is waited for, however many requests wait
                    failures += 1
                lasting = monotonic() - troubled_since > self._patience.outage_seconds
                if failures > self._patience.max_retries or (lasting and failure.kind == "unreachable"):
                    raise GaveUp(failures, failure) from failure
                if not home.server.gone:
                    await asyncio.sleep(
                        self._patience.backoff.wait_seconds(max(1, failures), failure.retry_after_seconds)
                    )

    async def ask_each(self, request: Request[T]) -> dict[Server, T]:
        """The results of all servers that can be reached. Raises ``Gone`` when there is no such server."""
        outcomes = await asyncio.gather(*(self.ask(request, at=server) for server in self._all), return_exceptions=True)
        results: dict[Server, T] = {}
        for server, outcome in zip(self._all, outcomes, strict=True):
            if not isinstance(outcome, BaseException):
                results[server] = outcome
            elif not isinstance(outcome, Gone):
                raise outcome
        if not results:
            raise next(outcome for outcome in outcomes if isinstance(outcome, Gone))
        return results

    async def close(self) -> None:
        """Stop probing, and close every connection. Safe to call twice."""
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
        """The server to ask now. Waits while all are gone."""
        candidates = self._all if at is None else [at]
        while True:
            reachable = [server for server in candidates if not server.gone]
            if at is not None and reachable:
                return Home(at, FIRST_GROUP)
            if reachable:
                return self._settle(problem, reachable)
            self._back.clear()
            reached = any(server.reached for server in candidates)
            seconds = self._patience.outage_seconds if reached else self._patience.start_seconds
            try:
                async with asyncio.timeout(seconds):
                    await self._back.wait()
            except TimeoutError:
                raise _no_answer(candidates, seconds, reached=reached) from None

    def _settle(self, problem: str, reachable: Sequence[Server]) -> Home:
        home = self._homes.get(problem)
        if home is None or home.server not in reachable:
            group = next(self._arrivals) // GROUP_PROBLEMS if home is None else home.group
            home = self._homes[problem] = Home(min(reachable, key=lambda server: server.window.load), group)
        self._homes.move_to_end(problem)
        if len(self._homes) > REMEMBERED_PROBLEMS:
            self._homes.popitem(last=False)
        return home

    def _leave(self, server: Server) -> None:
        if server.gone:
            return
        server.gone = True
        if server.reached:
            others = any(not other.gone for other in self._all)
            what = "its work goes to the others" if others else "waiting until it is back"
            logger.warning("%s does not answer (%s); %s", server.url, server.last_failure, what)
        server.window.send_away()
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
                pass  # it refuses this request, so it can be reached
            if server.reached:
                logger.warning("%s is back", server.url)
            server.gone, server.failures_in_row = False, 0
            server.window.restart()
            self._back.set()
        self._probes.pop(server, None)


def _no_answer(servers: Sequence[Server], seconds: float, *, reached: bool) -> Gone:
    urls = ", ".join(server.url for server in servers)
    reason = servers[0].last_failure
    if reached:
        return Gone(
            f"{urls} has not answered for {seconds:.0f} s ({reason}); start it, then re-run the command to resume"
        )
    return Gone(
        f"no server answers at {urls} ({reason}); start the server or correct --base-url, and check with: "
        f"curl {servers[0].url}/models"
    )
