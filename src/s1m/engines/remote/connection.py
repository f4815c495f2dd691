"""One server and how it is spoken to: a request goes out, the body of a 200 comes back, anything else is an error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from s1m.engines.remote.endpoint import is_loopback
from s1m.engines.remote.refusals import refusal, server_message
from s1m.engines.remote.retry import Transient
from s1m.errors import EngineUnavailable

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which uvicorn closes an idle connection, so that none is used just as it closes."""
SECRET_CHARACTERS = 8
"""Shorter keys are placeholders such as EMPTY, and hiding them would only garble messages."""


class Connection:
    """A server at ``api_url``. Belongs to the event loop in which it is first used; closed, it can be used again."""

    def __init__(self, api_url: str, api_key: str | None, *, timeout_seconds: float, max_connections: int) -> None:
        self.api_url = api_url
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds
        self._max_connections = max_connections
        self._client: httpx.AsyncClient | None = None

    async def exchange(self, method: str, path: str, content: bytes, *, timeout_seconds: float | None = None) -> bytes:
        """The body of the answer to one request.

        ``path`` lies under the API's root, such as ``chat/completions``, or with a slash in front under the server's,
        such as ``/tokenize``. Raises ``Transient`` or ``EngineError`` for anything but a 200.
        """
        import httpx

        client = self._open()
        seconds = timeout_seconds or self._timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                response = await client.request(method, self._url(path), content=content)
        except httpx.ConnectTimeout as error:
            raise Transient("the connection timed out", kind="unreachable") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Transient(f"no answer within {seconds:g} s", kind="overloaded") from error
        except httpx.RequestError as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            refused = isinstance(error, httpx.ConnectError)
            raise Transient(reason, kind="unreachable" if refused else "broken") from error
        if response.status_code != 200:
            message = self.quote(response.content)
            raise refusal(response.status_code, response.headers.get("retry-after"), message, self.api_url)
        return response.content

    def quote(self, body: bytes) -> str:
        """What the server says, on one line, without the key should it echo it."""
        if self._api_key is None or len(self._api_key) < SECRET_CHARACTERS:
            return server_message(body)
        # Before the message is shortened, which could leave half a key, and after its JSON is decoded.
        return server_message(body.replace(self._api_key.encode(), b"***")).replace(self._api_key, "***")

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _url(self, path: str) -> str:
        return f"{self.api_url.removesuffix('/v1')}{path}" if path.startswith("/") else f"{self.api_url}/{path}"

    def _open(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            headers = {"Content-Type": "application/json"}
            if self._api_key:
                headers["Authorization"] = f"Bearer {self._api_key}"
            try:
                self._client = httpx.AsyncClient(
                    headers=headers,
                    timeout=httpx.Timeout(self._timeout_seconds, connect=min(CONNECT_SECONDS, self._timeout_seconds)),
                    limits=httpx.Limits(
                        max_connections=self._max_connections,
                        max_keepalive_connections=self._max_connections,
                        keepalive_expiry=KEEP_ALIVE_SECONDS,
                    ),
                    # A proxy cannot reach this machine's own loopback.
                    trust_env=not is_loopback(self.api_url),
                )
            except (ImportError, OSError, ValueError) as error:  # proxies and certificates named by the environment
                raise EngineUnavailable(f"cannot open connections as the environment asks: {error}") from error
        return self._client
