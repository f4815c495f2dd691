"""The images of a request: data URLs, and where the operator allows it addresses, which are fetched once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from s1m.files.images import ImageError, check_aspect, size_of
from s1m.gateway.errors import ApiError

Fetch = Callable[[str, int], Awaitable[bytes]]
"""The bytes at an address, at most the number given. Raises ``ApiError`` without a field."""


@dataclass(frozen=True, kw_only=True)
class PictureRules:
    """What a request may show, and how addresses are fetched; None where they are refused."""

    most_images: int
    most_bytes: int
    fetch: Fetch | None = None


async def read_picture(url: str, where: str, rules: PictureRules) -> bytes:
    """The encoded image at a URL. Raises ``ApiError`` that names the field ``where``."""
    if url.startswith("data:"):
        content = from_data_url(url, where, rules)
    elif rules.fetch is None:
        raise ApiError(
            f"{where} must be a data: URL (data:image/png;base64,...); this gateway fetches no addresses "
            "(--allow-image-urls)",
            where,
            code="invalid_image_url",
        )
    else:
        try:
            content = await rules.fetch(url, rules.most_bytes)
        except ApiError as error:
            raise ApiError(f"{where} {error}", where, code="invalid_image_url") from None
    try:
        check_aspect(size_of(content))
    except ImageError as error:
        raise ApiError(f"{where} {error}", where, code="invalid_image") from None
    return content


def from_data_url(url: str, where: str, rules: PictureRules) -> bytes:
    """The bytes that a data: URL holds. Raises ``ApiError``."""
    head, comma, data = url.partition(",")
    if not comma or not head.endswith(";base64"):
        raise ApiError(f"{where} must be base64: data:image/png;base64,...", where, code="invalid_image_url")
    if len(data) * 3 // 4 > rules.most_bytes:
        raise ApiError(f"{where} has more than {rules.most_bytes:,} bytes; make it smaller", where, status=413)
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError(f"{where} is not valid base64", where, code="invalid_image_url") from None
