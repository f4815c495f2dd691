"""A gateway in a thread of its own, as ``s1m gateway`` runs it, and what tests send to it.

with serving(engine, max_requests=2) as gateway:
    gateway.post("chat/completions", chat("How many?"))
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from openai import OpenAI

from s1m.benchmarks.digits import Digits
from s1m.files.settings import settings_from
from s1m.gateway.operation.admission import Keys
from s1m.gateway.serve import running
from s1m.gateway.settings import GatewaySettings
from s1m.types import Engine, Problem

PROBLEMS = Digits().load(split="test", limit=8, data=None)
DIGITS = {"model": "bundled", "answer_cue": "\nFinal answer: ", "max_thinking_tokens": 400, "max_answer_tokens": 8}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the gateway answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.json()["error"]
        return error

    def chunks(self) -> list[dict[str, Any]]:
        """The events of a stream, without what marks its end."""
        lines = [line.removeprefix("data: ") for line in self.text.splitlines() if line.startswith("data: ")]
        return [json.loads(line) for line in lines if line != "[DONE]"]


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """A gateway that runs."""

    url: str
    loop: asyncio.AbstractEventLoop
    drain: Callable[[float], Coroutine[Any, Any, None]]
    key: str = ""
    clients: list[OpenAI] = field(default_factory=list)

    def client(self) -> Any:
        """The real client; untyped here, since its overloads take literal arguments alone."""
        if not self.clients:
            self.clients.append(OpenAI(base_url=f"{self.url}/v1", api_key=self.key or "none", max_retries=0))
        return self.clients[0]

    def get(self, path: str) -> Reply:
        return self._ask(Request(f"{self.url}/{path}"))

    def post(self, path: str, body: object, **headers: str) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask(Request(f"{self.url}/v1/{path}", content, {"Content-Type": "application/json", **headers}))

    def _ask(self, request: Request) -> Reply:
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=60) as reply:
                return Reply(status=reply.status, headers=dict(reply.headers), text=reply.read().decode())
        except HTTPError as refusal:
            with refusal:
                return Reply(status=refusal.code, headers=dict(refusal.headers), text=refusal.read().decode())


@contextlib.contextmanager
def serving(engine: Engine, keys: Mapping[str, str] | None = None, /, **settings: Any) -> Iterator[Gateway]:
    """A gateway in front of an engine that is ready; ``settings`` are keys of its settings file."""
    made = settings_from(GatewaySettings, {"port": 0, **DIGITS, **settings}, "test")
    started: list[Gateway] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        try:
            async with running(made, engine, Keys(keys or {})) as (url, slots):
                key = next(iter(keys or {}), "")
                started.append(
                    Gateway(
                        url=url,
                        loop=asyncio.get_running_loop(),
                        key=key,
                        drain=lambda seconds: slots.emptied(seconds, stop),
                    )
                )
                ready.set()
                await stop.wait()
        finally:
            ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    ready.wait(30)
    assert started, "the gateway did not start"
    try:
        yield started[0]
    finally:
        for client in started[0].clients:
            client.close()
        started[0].loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        assert not thread.is_alive()


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for what will happen; ``seconds`` only bound a test that fails."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def data_url(image: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"


def asked(problem: Problem) -> list[dict[str, Any]]:
    """A problem as the messages of a chat."""
    shown = [{"type": "image_url", "image_url": {"url": data_url(image)}} for image in problem.images]
    return [{"role": "user", "content": [*shown, {"type": "text", "text": problem.question}]}]


def chat(question: str = "How many?", model: str = "bundled", **fields: Any) -> dict[str, Any]:
    """The body of a chat request."""
    return {"model": model, "messages": [{"role": "user", "content": question}], **fields}
