"""The server: its routes, and what surrounds every request: a key, a slot, a deadline, an error's form, the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s1m.errors import EngineError, S1mError
from s1m.evaluate.policy import read_policy
from s1m.gateway.call import Call, begin_call, current_call
from s1m.gateway.errors import ApiError, refusal_of
from s1m.gateway.operation.admission import Keys, Slots
from s1m.gateway.operation.drift import Drift
from s1m.gateway.operation.metrics import Metrics
from s1m.gateway.operation.private import without_quotes
from s1m.gateway.replies.batches import Streams
from s1m.gateway.requests.body import BodyLimits
from s1m.gateway.settings import GatewaySettings
from s1m.gateway.work import MEGABYTE, Work

if TYPE_CHECKING:
    from aiohttp.web import Application, Request, StreamResponse

    Handler = Callable[[Request], Awaitable[StreamResponse]]

logger = logging.getLogger("s1m.gateway")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Server": "s1m",
}
"""On every reply; the page has a policy of its own. Without Access-Control-Allow-Origin other sites are kept out."""
QUIET = ("/health", "/metrics")
"""Paths that are asked every few seconds and are not worth a line each."""
HANG_UP = 499
"""What the log calls a client that went away, as nginx does."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What the handlers share."""

    settings: GatewaySettings
    work: Work
    keys: Keys
    slots: Slots
    metrics: Metrics
    body_limits: BodyLimits
    drift: Drift | None = None
    """None without a policy."""
    streams: Streams = field(default_factory=Streams)
    started: int = field(default_factory=lambda: int(time.time()))


def state_of(settings: GatewaySettings, work: Work, keys: Keys) -> State:
    """The state of a gateway with these settings."""
    limits = settings.limits
    return State(
        settings=settings,
        work=work,
        keys=keys,
        slots=Slots(limits.max_requests, limits.max_requests_per_key),
        metrics=Metrics(),
        drift=Drift(read_policy(settings.strategy.policy).features) if settings.strategy.policy else None,
        body_limits=BodyLimits(most_bytes=limits.max_body_mb * MEGABYTE, seconds=limits.body_seconds),
    )


def build_app(state: State) -> Application:
    """The application. Its engine is closed by whoever opened it."""
    from aiohttp import web

    from s1m.gateway.operation.passing import passing_on, refused
    from s1m.gateway.page import add_page
    from s1m.gateway.routes import add_routes

    app = web.Application(middlewares=[_surround(state)], client_max_size=0)
    add_routes(app, state)
    if state.settings.server.page:
        add_page(app, state)
    elsewhere = passing_on(app, state) if state.settings.server.pass_through else refused
    app.router.add_route("*", "/{path:.*}", elsewhere)
    return app


def _surround(state: State) -> Any:
    from aiohttp import web

    @web.middleware
    async def surround(request: Request, handler: Handler) -> StreamResponse:
        """A request's reply, or its error in the form that clients read; one line of the log for either."""
        began = time.monotonic()
        call = begin_call()
        status = HANG_UP
        try:
            response = await handler(request)
            status = response.status
        except ApiError as error:
            response = error_response(error, call.id)
            status = error.status
        except web.HTTPException as error:  # aiohttp's own: a method that is not allowed, a broken header
            refusal = ApiError(f"{request.method} {request.path[:80]}: {error.reason}", status=error.status)
            response = error_response(refusal, call.id)
            status = error.status
        except (ConnectionError, asyncio.CancelledError):  # the client went away
            raise
        except Exception as error:
            logger.exception("request %s failed: %s", call.id, type(error).__name__)
            response = error_response(unexpected(call.id), call.id)
            status = response.status
        finally:
            seconds = time.monotonic() - began
            _log(request, call, call.status or status, seconds)
            state.metrics.replied(_route(request), call.status or status, seconds)
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers["X-Request-Id"] = call.id
        return response

    return surround


def unexpected(request_id: str) -> ApiError:
    """The refusal after an error that the gateway did not expect."""
    return ApiError(f"the gateway failed (request {request_id})", status=500, code="internal_error")


def client_error(error: Exception, request_id: str) -> ApiError:
    """An error of a request under way as its client gets it, written to the log where it is not the client's."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, TimeoutError):
        return ApiError(f"the request took too long (request {request_id})", status=504, code="timeout")
    if isinstance(error, EngineError):
        refusal = refusal_of(error, request_id)
        if refusal.status >= 500:
            logger.warning("request %s: %s", request_id, without_quotes(str(error), current_call().texts))
        return refusal
    if isinstance(error, S1mError):
        logger.warning("request %s: %s", request_id, without_quotes(str(error), current_call().texts))
    else:
        logger.error("request %s failed", request_id, exc_info=error)
    return unexpected(request_id)


def error_response(error: ApiError, request_id: str) -> Any:
    """An error as a reply."""
    from aiohttp import web

    headers = {**error.headers, "X-Request-Id": request_id}
    response = web.json_response(error.body(), status=error.status, headers=headers)
    if headers.get("Connection") == "close":
        response.force_close()
    return response


def _route(request: Request) -> str:
    """The path as routes spell it: those of clients are without number, and would fill the metrics."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "/"


def _log(request: Request, call: Call, status: int, seconds: float) -> None:
    """One line, without the query, the key and the text of the conversation."""
    quiet = request.path in QUIET and status == 200
    logger.log(
        logging.DEBUG if quiet else logging.INFO,
        "%s %s %d %.3fs key=%s id=%s%s",
        request.method,
        request.path[:200].encode("unicode_escape").decode("ascii"),
        status,
        seconds,
        call.key,
        call.id,
        f" {call.note}" if call.note else "",
    )
