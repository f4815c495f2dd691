"""A proxy in front of a server: forwards and counts requests, and fails a given fraction of them.

with Proxy("http://127.0.0.1:8000", faults=0.2) as proxy:
    ...                      # send requests to proxy.url
proxy.faults, proxy.images   # counts of each fault, and of each image sent
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web

HANG_SECONDS = 30.0
ERROR = {"error": {"message": "injected by the proxy", "type": "error", "code": 500}}


class Proxy:
    """A proxy on a free port in a thread of its own. ``faults`` is the fraction of POST requests that fail."""

    def __init__(self, upstream: str, *, faults: float = 0.0, seed: int = 0) -> None:
        self.upstream = upstream
        self.url = ""
        self.requests = 0
        self.faults: Counter[str] = Counter()
        self.images: Counter[str] = Counter()
        self._fraction = faults
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=1 << 28)
        app.router.add_route("*", "/{path:.*}", self._forward)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr]
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._session:
            self._ready.set()
            await self._stop.wait()
        await runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:  # replies that are still being delayed
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        sent = await request.read()
        self.requests += 1
        if request.method == "POST" and b'"content_parts"' in sent:
            self.images.update(part["uuid"] for part in json.loads(sent)["content_parts"] if "url" in part)
        fault = ""
        if request.method == "POST" and self._random.random() < self._fraction:
            fault = self._random.choice([*BEFORE, *INSTEAD])
            self.faults[fault] += 1
        if fault in INSTEAD:
            return await INSTEAD[fault](request, sent)
        try:
            async with self._session.request(
                request.method,
                self.upstream + request.path_qs,
                data=sent,
                headers={"Content-Type": "application/json"},
            ) as reply:
                if reply.content_type == "text/event-stream" and not fault:
                    return await self._pass_on(request, reply)
                body, status = await reply.read(), reply.status
        except aiohttp.ClientError:
            return web.json_response(ERROR, status=502)
        if fault and status == 200:
            return await BEFORE[fault](request, body)
        return web.Response(body=body, status=status, content_type="application/json")

    @staticmethod
    async def _pass_on(request: web.Request, reply: aiohttp.ClientResponse) -> web.StreamResponse:
        """A stream, event by event: a client counts the time between two of them."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async for chunk in reply.content.iter_any():
            await response.write(chunk)
        return response


async def reset(request: web.Request, _sent: bytes) -> web.StreamResponse:
    """The connection is aborted before a reply."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def hang(_request: web.Request, _sent: bytes) -> web.StreamResponse:
    """No reply within any client's timeout."""
    await asyncio.sleep(HANG_SECONDS)
    return web.json_response(ERROR, status=504)


def refuse(status: int, **headers: str) -> Any:
    """An error status, with headers."""

    async def answer(_request: web.Request, _sent: bytes) -> web.StreamResponse:
        return web.json_response(ERROR, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def say(text: str, status: int = 200) -> Any:
    """A reply of another kind than requested."""

    async def answer(_request: web.Request, _sent: bytes) -> web.StreamResponse:
        return web.Response(text=text, status=status, content_type="text/html" if "<" in text else "application/json")

    return answer


async def lose_images(request: web.Request, sent: bytes) -> web.StreamResponse:
    """The reply of vLLM when an image that a request only names is no longer cached."""
    if all("url" in part for part in json.loads(sent).get("content_parts", ())):
        return await reset(request, sent)
    said = {"error": {"message": "Cache miss for image at index 0 but data is not provided.", "code": 400}}
    return web.json_response(said, status=400)


async def break_off(request: web.Request, body: bytes) -> web.StreamResponse:
    """Half a reply, then the connection is aborted."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


async def trickle(request: web.Request, body: bytes) -> web.StreamResponse:
    """A reply byte by byte, slower than any client's timeout."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": "application/json"})
    await response.prepare(request)
    for at in range(len(body)):
        await asyncio.sleep(HANG_SECONDS / 20)
        try:
            await response.write(body[at : at + 1])
        except ConnectionError:
            break
    return response


async def cut_json(_request: web.Request, body: bytes) -> web.StreamResponse:
    """Truncated JSON."""
    return web.Response(body=body[: len(body) * 2 // 3], content_type="application/json")


def change(**fields: Any) -> Any:
    """A reply with other values in its first choice; fields that the choice does not have are left out."""

    async def answer(request: web.Request, body: bytes) -> web.StreamResponse:
        if body.startswith(b"data:"):  # of a stream, the first event
            first, _, rest = body.partition(b"\n\n")
            changed = await answer(request, first.removeprefix(b"data:"))
            assert isinstance(changed, web.Response)
            return web.Response(body=b"data: " + bytes(changed.body or b"") + b"\n\n" + rest)  # type: ignore[arg-type]
        said = json.loads(body)
        if "choices" not in said:
            return web.json_response({})
        if "choices" in fields:
            said["choices"] = fields["choices"]
        else:
            choice = said["choices"][0]
            choice.update({name: value for name, value in fields.items() if name in choice})
            if "usage" in fields:
                said["usage"] = fields["usage"]
            if "message" in choice:
                choice["message"]["content"] = None
                said["usage"] = {"prompt_tokens": 1, "completion_tokens": 99999}
        return web.json_response(said)

    return answer


INSTEAD = {
    "reset": reset,
    "hang": hang,
    "429": refuse(429),
    "429, Retry-After": refuse(429, Retry_After="1"),
    "500": refuse(500),
    "502, HTML": say("<html><h1>502 Bad Gateway</h1></html>", 502),
    "503": refuse(503),
    "200, HTML": say("<html>please log in</html>"),
    "200, an error": say(json.dumps(ERROR)),
    "cache lost": lose_images,
}
BEFORE = {
    "reset mid-body": break_off,
    "trickle": trickle,
    "truncated JSON": cut_json,
    "empty choices": change(choices=[]),
    "null content": change(text=None, token_ids=None),
    "wrong token counts": change(token_ids=[1] * 99999),
}
