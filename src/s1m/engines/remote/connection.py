"""HTTP with one server: a request goes out, the body of a 200 comes back, anything else is an error."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from s1m.engines.remote.endpoint import proxy_for, without_password, without_passwords
from s1m.engines.remote.events import Events
from s1m.engines.remote.refusals import NotOffered, refusal, server_message
from s1m.engines.remote.retry import Transient, wait_asked
from s1m.errors import EngineUnavailable

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which uvicorn closes an idle connection, so that none is used just as it closes."""
MAX_REPLY_BYTES = 32 * 2**20
"""Of a reply, decompressed; 30,000 tokens with their probabilities, the longest that is asked for, take about 5 MiB."""
SECRET_CHARACTERS = 8
"""Shorter keys are placeholders such as EMPTY, and hiding them would only garble messages."""


class Connection:
    """A server at ``api_url``. Belongs to the event loop in which it is first used; closed, it can be used again."""

    def __init__(
        self,
        api_url: str,
        api_key: str | None,
        *,
        timeout_seconds: float,
        max_connections: int,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.api_url = api_url
        self._headers = bearer(api_key) if headers is None else headers
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds
        self._max_connections = max_connections
        self._session: aiohttp.ClientSession | None = None
        self._proxy: str | None = None

    async def exchange(self, method: str, path: str, content: bytes, *, timeout_seconds: float | None = None) -> bytes:
        """The body of the answer to one request.

        ``path`` lies under the API's root, such as ``chat/completions``, or with a slash in front under the server's,
        such as ``/tokenize``. Raises ``Transient`` or ``EngineError`` for anything but a 200.
        """
        seconds = timeout_seconds or self._timeout_seconds
        async with self._response(method, path, content, seconds) as (response, _):
            body = await read_body(response)
            self._raise_unless_ok(response, body)
        return body

    async def stream(self, method: str, path: str, content: bytes, take: Callable[[bytes], bool]) -> bytes:
        """Give the data of every server-sent event of the answer to ``take``, until the end or until that is true.

        Returns the body instead where the answer does not stream. The timeout is that of every event, however slowly
        its bytes trickle in. Raises what ``exchange`` raises, and ``Transient`` for a stream that breaks off.
        """
        async with self._response(method, path, content, self._timeout_seconds) as (response, timeout):
            if response.status != 200:
                self._raise_unless_ok(response, await read_body(response))
            events = Events(MAX_REPLY_BYTES)
            try:
                async for received in response.content.iter_any():
                    for data in events.read(received):
                        timeout.reschedule(asyncio.get_running_loop().time() + self._timeout_seconds)
                        if take(data):
                            response.close()  # which makes the server stop writing
                            return b""
            except Transient:
                response.close()  # what is still under way may be endless
                raise
            # Read to the very end, so that the connection can be used again.
            if events.plain is None and not events.ended:
                raise Transient("the stream broke off")
            return events.plain or b""

    @contextlib.asynccontextmanager
    async def _response(
        self, method: str, path: str, content: bytes, seconds: float
    ) -> AsyncIterator[tuple[aiohttp.ClientResponse, asyncio.Timeout]]:
        """The response to a request, and its timeout; failures meanwhile become ``Transient``."""
        import aiohttp

        try:
            async with (
                asyncio.timeout(seconds) as timeout,
                self._open().request(
                    method, self._url(path), data=content, proxy=self._proxy, allow_redirects=False
                ) as response,
            ):
                yield response, timeout
        except aiohttp.ConnectionTimeoutError as error:
            raise Transient("the connection timed out", kind="unreachable") from error
        except TimeoutError as error:
            raise Transient(f"no answer within {seconds:g} s", kind="overloaded") from error
        except (aiohttp.InvalidURL, ValueError) as error:  # the environment names a proxy that is not a URL
            proxy = without_password(self._proxy) if self._proxy else "none"
            raise EngineUnavailable(
                f"cannot open connections with the environment's proxy: {proxy}; correct http_proxy or https_proxy"
            ) from error
        except aiohttp.ClientError as error:
            refused = isinstance(error, aiohttp.ClientConnectorError)
            raise Transient(reason_of(error), kind="unreachable" if refused else "broken") from error

    def _raise_unless_ok(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        if 300 <= response.status < 400 and (place := self.quote(response.headers.get("Location", "").encode())):
            # Not followed: a request that carries a key goes only where its user sent it.
            raise NotOffered(f"{self.api_url} redirects to {place}; if that is the server, name it with --base-url")
        if response.status != 200:
            raise refusal(response.status, wait_asked(response.headers), self.quote(body), self.api_url, body)

    def quote(self, body: bytes) -> str:
        """What the server says, on one line, without the key or a password should it echo one."""
        return without_passwords(self._without_key(body))

    async def close(self) -> None:
        """Close every connection. Safe to call twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _without_key(self, body: bytes) -> str:
        if self._api_key is None or len(self._api_key) < SECRET_CHARACTERS:
            return server_message(body)
        # Before the message is shortened, which could leave half a key, and after its JSON is decoded.
        return server_message(body.replace(self._api_key.encode(), b"***")).replace(self._api_key, "***")

    def _url(self, path: str) -> str:
        return f"{self.api_url.removesuffix('/v1')}{path}" if path.startswith("/") else f"{self.api_url}/{path}"

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            self._proxy = proxy_for(self.api_url)
            self._session = aiohttp.ClientSession(
                headers={"Content-Type": "application/json", **self._headers},
                connector=aiohttp.TCPConnector(limit=self._max_connections, keepalive_timeout=KEEP_ALIVE_SECONDS),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            )
        return self._session


def bearer(key: str | None) -> dict[str, str]:
    """The header that carries a key at most servers."""
    return {"Authorization": f"Bearer {key}"} if key else {}


async def read_body(response: aiohttp.ClientResponse) -> bytes:
    """The decoded body. Raises ``Transient`` for one beyond ``MAX_REPLY_BYTES``, without reading its rest."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_REPLY_BYTES:
            # The connection is closed: what is still under way on it may be endless.
            response.close()
            raise Transient(f"the reply is larger than {MAX_REPLY_BYTES // 2**20} MiB")
    return bytes(body)


def reason_of(error: Exception) -> str:
    """What a failure of the connection was, on one line; the URL of a proxy in it without its password."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {without_passwords(said)}".rstrip(": ")
