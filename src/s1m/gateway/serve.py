"""Run the gateway until a signal: no new requests are taken then, and those under way may end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator

from s1m.errors import EngineUnavailable
from s1m.gateway.app import build_app, state_of
from s1m.gateway.operation.admission import Keys, Slots, read_keys
from s1m.gateway.settings import GatewaySettings
from s1m.gateway.work import efforts_of, resolved, work_of
from s1m.types import Engine

logger = logging.getLogger("s1m")

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LINGERING_SECONDS = 2.0
"""How long the rest of a body is read that was refused: a client that is still sending would not see the refusal."""
BACKLOG = 1024
"""Connections that wait to be accepted; clients of a load balancer come in bursts."""


def serve_gateway(settings: GatewaySettings) -> int:
    """``s1m gateway``: serve until SIGINT or SIGTERM; exit code 0.

    Raises ``UsageError`` or ``EngineUnavailable`` when it cannot start.
    """
    keys = read_keys(settings.server.keys_file, os.environ.get("S1M_GATEWAY_KEYS", ""))
    efforts_of(settings)  # refused before anything is loaded
    _write_log()
    settings = asyncio.run(resolved(settings))
    if not keys.needed and settings.server.host not in LOOPBACK:
        logger.warning("%s is open to other machines, and no key is needed: add --keys-file", settings.server.host)
    asyncio.run(_serve(settings, keys))
    return 0


async def _serve(settings: GatewaySettings, keys: Keys) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    engine = settings.engine.builder.build(settings.engine)
    try:
        await engine.ready()
        # What has been loaded stays. To look through all of it for garbage takes half a second, and no stream moves.
        gc.collect()
        gc.freeze()
        async with running(settings, engine, keys) as (url, slots):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stopped.set)
            sys.stdout.write(f"ready: {url}/v1\n")
            sys.stdout.flush()
            _say_how(settings, url)
            await stopped.wait()
            stopped.clear()
            logger.info("no new requests are taken; a second signal ends those under way")
            await slots.emptied(settings.limits.drain_seconds, stopped)
    finally:
        await engine.close()


@contextlib.asynccontextmanager
async def running(settings: GatewaySettings, engine: Engine, keys: Keys) -> AsyncIterator[tuple[str, Slots]]:
    """A gateway that listens: its address, and the slots of its requests.

    Raises ``EngineUnavailable`` when the port is taken.
    """
    from aiohttp import web

    from s1m.gateway.requests.fetch import fetch_with, fetching_session

    server = settings.server
    async with contextlib.AsyncExitStack() as stack:
        fetch = None
        if server.allow_image_urls:
            fetch = fetch_with(await stack.enter_async_context(fetching_session()))
        state = state_of(settings, work_of(settings, engine, efforts_of(settings), fetch), keys)
        runner = web.AppRunner(
            build_app(state),
            access_log=None,
            logger=_http_log(),
            handler_cancellation=True,
            handle_signals=False,
            shutdown_timeout=1.0,
            lingering_time=LINGERING_SECONDS,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, server.host, server.port, backlog=BACKLOG)
        try:
            await site.start()
        except OSError as error:
            raise EngineUnavailable(
                f"cannot listen on {server.host}:{server.port}: {error.strerror}; choose another --port"
            ) from None
        port = runner.addresses[0][1]

        host = "127.0.0.1" if server.host in ("0.0.0.0", "") else server.host
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}", state.slots


def _http_log() -> logging.Logger:
    """The log of aiohttp without its tracebacks, which quote what a client sent: a broken header may hold its key."""

    def without_quotes(record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True

    made = logging.getLogger("s1m.gateway.http")
    made.filters[:] = [without_quotes]
    return made


def _say_how(settings: GatewaySettings, url: str) -> None:
    if settings.server.page:
        sys.stdout.write(f"page: {url}/\n")
    sys.stdout.write(f"model: {settings.engine.model}\n")
    sys.stdout.flush()


def _write_log() -> None:
    """Write the log, requests included, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
