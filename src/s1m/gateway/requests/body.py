"""The body of a request: JSON, of bounded size, that arrives within bounded time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s1m.files.decoding import Undecodable, decode_json
from s1m.gateway.errors import ApiError

if TYPE_CHECKING:
    from aiohttp.web import Request

CLOSE = {"Connection": "close"}
"""Of a refusal before the body was read: what is left of it would have to be read otherwise."""


@dataclass(frozen=True, kw_only=True)
class BodyLimits:
    """How large a body may be, and how long it may take."""

    most_bytes: int
    seconds: float


async def read_object(request: Request, limits: BodyLimits) -> dict[str, Any]:
    """The JSON object that a client sends. Raises ``ApiError``.

    Another type than JSON is refused: browsers send forms to any site unasked, and JSON only where they may.
    """
    if request.content_type != "application/json":
        raise ApiError(
            f"the body must be JSON: send the header Content-Type: application/json, not {request.content_type}",
            status=415,
            headers=CLOSE,
        )
    content = await read_bytes(request, limits)
    try:
        value = decode_json(content, object)
    except Undecodable as error:
        raise ApiError(f"the body is not JSON: {error}", code="invalid_json") from None
    if not isinstance(value, dict):
        raise ApiError("the body must be a JSON object", code="invalid_json")
    return value


async def read_bytes(request: Request, limits: BodyLimits) -> bytes:
    """The whole body. Raises ``ApiError`` for one that is too large or too slow."""
    too_large = ApiError(
        f"the body has more than {limits.most_bytes:,} bytes; send smaller images", status=413, headers=CLOSE
    )
    if (request.content_length or 0) > limits.most_bytes:
        raise too_large
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for part in request.content.iter_any():
                size += len(part)
                if size > limits.most_bytes:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise ApiError(
            f"the body did not arrive within {limits.seconds:g} s; send it faster", status=408, headers=CLOSE
        ) from None
    return b"".join(parts)
