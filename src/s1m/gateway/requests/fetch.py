"""Images by address, where the operator allows them: fetched once, of bounded size, from public servers only.

A client that names an address makes this machine ask it, so names that lead into the own network are refused. The check
is made on the very addresses that are then connected to: a name that answers otherwise the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from s1m.gateway.errors import ApiError
from s1m.gateway.requests.pictures import Fetch

if TYPE_CHECKING:
    from aiohttp import ClientSession

FETCH_SECONDS = 15.0


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet."""
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast


def fetching_session(*, private: bool = False) -> ClientSession:
    """A session that connects to public addresses, and with ``private`` to any other too."""
    import aiohttp
    from aiohttp.abc import AbstractResolver
    from aiohttp.resolver import ThreadedResolver

    class PublicResolver(AbstractResolver):
        """Names as public addresses."""

        def __init__(self) -> None:
            self._resolver = ThreadedResolver()

        async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Any]:
            resolved = await self._resolver.resolve(host, port, family)
            public: list[Any] = [each for each in resolved if is_public(each["host"])]
            if not public:
                raise OSError(None, "it leads to no public address")
            return public

        async def close(self) -> None:
            await self._resolver.close()

    resolver = None if private else PublicResolver()
    connector = aiohttp.TCPConnector(resolver=resolver, limit=32)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS))


def fetch_with(session: ClientSession, *, private: bool = False) -> Fetch:
    """What fetches an image with a session of ``fetching_session``."""
    import aiohttp

    async def fetch(url: str, most_bytes: int) -> bytes:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ApiError("must be a data:, http: or https: URL")
        if not private and _is_address(parts.hostname) and not is_public(parts.hostname):
            raise ApiError("does not lead to a public address")
        try:
            async with session.get(url, allow_redirects=False) as reply:
                if reply.status != 200:
                    raise ApiError(f"was answered with status {reply.status}")
                content = bytearray()
                async for part in reply.content.iter_any():
                    content += part
                    if len(content) > most_bytes:
                        raise ApiError(f"has more than {most_bytes:,} bytes; make it smaller")
                return bytes(content)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            raise ApiError("cannot be fetched") from None

    return fetch


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
