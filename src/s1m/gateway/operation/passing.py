"""Requests that s1m does not touch: refused with a word about it, or passed on to the server as they are."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from s1m.gateway.errors import ApiError

if TYPE_CHECKING:
    from aiohttp.web import Application, Request, StreamResponse

    from s1m.gateway.app import State

OFFERED = "/v1/chat/completions, /v1/responses, /v1/models, /health and /metrics"
SENT_ON = ("Accept", "Content-Type")
SENT_BACK = ("Content-Type", "Retry-After")
"""Headers that mean the same on both sides; the client's key is the gateway's, never the server's."""
CHUNK_BYTES = 1 << 16


async def refused(request: Request) -> StreamResponse:
    """The refusal of a path that the gateway does not have."""
    path = request.path[:80]
    more = " (or start it with --pass-through)" if path.startswith("/v1/") else ""
    raise ApiError(
        f"this gateway has no {request.method} {path}; it offers {OFFERED}{more}", status=404, code="unknown_url"
    )


async def _handed_back(request: Request, asking: Any) -> StreamResponse:
    """The server's reply to ``asking``, as it comes."""
    import aiohttp
    from aiohttp import web

    from s1m.gateway.app import SECURITY_HEADERS

    try:
        reply = await asking
    except (aiohttp.ClientError, TimeoutError):
        raise ApiError("the model's server cannot be reached", status=502, code="engine_unavailable") from None
    async with reply:
        kept = {name: reply.headers[name] for name in SENT_BACK if name in reply.headers}
        response = web.StreamResponse(status=reply.status, headers={**SECURITY_HEADERS, **kept})
        await response.prepare(request)
        async for chunk in reply.content.iter_chunked(CHUNK_BYTES):
            await response.write(chunk)
        await response.write_eof()
        return response


def passing_on(app: Application, state: State) -> Any:
    """A handler that passes requests below /v1/ on to the first server of the engine."""
    import aiohttp

    from s1m.engines.remote.endpoint import api_root
    from s1m.gateway.call import current_call
    from s1m.gateway.requests.body import read_bytes
    from s1m.gateway.routes import check_key

    root = api_root(state.settings.engine.base_url[0])
    key = os.environ.get("S1M_API_KEY")
    sessions: list[aiohttp.ClientSession] = []

    async def opened(_app: Application) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=state.settings.limits.request_seconds, sock_connect=10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            sessions.append(session)
            yield

    async def pass_on(request: Request) -> StreamResponse:
        if not request.path.startswith("/v1/") or ".." in request.path:
            return await refused(request)
        check_key(request, state)
        with state.slots.slot(current_call().key):
            body = await read_bytes(request, state.body_limits)
            headers = {name: request.headers[name] for name in SENT_ON if name in request.headers}
            if key:
                headers["Authorization"] = f"Bearer {key}"
            url = f"{root}/{request.path.removeprefix('/v1/')}"
            asking = sessions[0].request(
                request.method, url, data=body, headers=headers, params=request.query, allow_redirects=False
            )
            return await _handed_back(request, asking)

    app.cleanup_ctx.append(opened)
    return pass_on
