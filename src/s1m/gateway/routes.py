"""The endpoints: chat completions, responses, models, health, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from s1m.gateway.app import SECURITY_HEADERS, State, client_error
from s1m.gateway.call import current_call
from s1m.gateway.errors import ApiError
from s1m.gateway.operation.admission import Slot, shutting_down
from s1m.gateway.replies.batches import batched
from s1m.gateway.replies.chat import ChatStream, chat_completion
from s1m.gateway.replies.deltas import Content, Delta, End, Reasoning
from s1m.gateway.replies.outcome import Outcome
from s1m.gateway.replies.responses import ResponseStream, response_object
from s1m.gateway.replies.sse import ALIVE, encoded
from s1m.gateway.requests.asked import Asked, Rules
from s1m.gateway.requests.body import read_object
from s1m.gateway.requests.chat import read_chat
from s1m.gateway.requests.responses import read_response

if TYPE_CHECKING:
    from aiohttp.web import Application, Request, StreamResponse

logger = logging.getLogger("s1m.gateway")

STREAM_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # nginx would hold the stream back
}

Read = Callable[[dict[str, Any], Rules], Awaitable[Asked]]
Whole = Callable[[Asked, Sequence[Outcome]], dict[str, Any]]


class Stream(Protocol):
    """What writes the stream of one request."""

    def start(self) -> bytes:
        """What is sent before anything was generated."""
        ...

    def write(self, delta: Delta) -> bytes:
        """A delta as events."""
        ...

    def fail(self, error: ApiError) -> bytes:
        """What ends a stream that failed."""
        ...


def add_routes(app: Application, state: State) -> None:
    """Add the endpoints to ``app``."""
    chat = _answering(state, read_chat, chat_completion, ChatStream)
    responses = _answering(state, read_response, response_object, ResponseStream)
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_post("/v1/responses", responses)
    app.router.add_get("/v1/models", _models(state))
    app.router.add_get("/v1/models/{model:.+}", _model(state))
    app.router.add_get("/health", _health(state))
    app.router.add_get("/metrics", _metrics(state))


def check_key(request: Request, state: State) -> None:
    """Raise ``ApiError`` for a client that has no key."""
    current_call().key = state.keys.name_of(request.headers.get("Authorization"), request.headers.get("x-api-key"))


def _answering(state: State, read: Read, whole: Whole, stream: Callable[[Asked], Stream]) -> Any:
    async def answer(request: Request) -> StreamResponse:
        check_key(request, state)
        with state.slots.slot(current_call().key) as slot:
            try:
                async with asyncio.timeout(state.settings.limits.request_seconds) as deadline:
                    asked = await read(await read_object(request, state.body_limits), state.work.rules)
                    _note(asked, state)
                    if asked.stream:
                        sending = Sending(state=state, asked=asked, writer=stream(asked), deadline=deadline, slot=slot)
                        return await sending.send(request)
                    outcomes = await state.work.whole(asked)
            except ConnectionError:  # the client went away
                raise
            except Exception as error:
                raise client_error(error, current_call().id) from error
            except asyncio.CancelledError:
                if not slot.ended:  # else the client went away
                    raise
                raise shutting_down() from None
        for outcome in outcomes:
            _count(state, outcome)
        reply: StreamResponse = _json(whole(asked, outcomes))
        return reply

    return answer


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One stream under way."""

    state: State
    asked: Asked
    writer: Stream
    deadline: asyncio.Timeout
    slot: Slot
    began: float = field(default_factory=time.monotonic)

    async def send(self, request: Request) -> StreamResponse:
        """The stream. Whatever happens it has an end, but for a client that went away."""
        from aiohttp import web

        call = current_call()
        response = web.StreamResponse(headers={**SECURITY_HEADERS, **STREAM_HEADERS, "X-Request-Id": call.id})
        # The headers go out with the first text, as aiohttp has it for whole replies: a write costs as much as all
        # else that is done for a piece of a stream.
        response._send_headers_immediately = False
        failure: ApiError | None = None
        last = b""
        try:
            last = await self._send_batches(request, response)
        except ConnectionError:
            raise
        except Exception as error:
            if not response.prepared:
                raise
            failure = client_error(error, call.id)
        except asyncio.CancelledError:
            if not response.prepared or not (self.deadline.expired() or self.slot.ended):
                raise
            failure = shutting_down() if self.slot.ended else client_error(TimeoutError(), call.id)
        if failure is not None:
            call.status = failure.status
            last = self.writer.fail(failure)
        await response.write_eof(last)
        return response

    async def _send_batches(self, request: Request, response: StreamResponse) -> bytes:
        """Send what comes; what ends the stream is returned, since it goes out together with the end of the reply."""
        work = partial(self.state.work.watched, self.asked)
        left = self.asked.choices
        async with contextlib.aclosing(batched(self.asked, work, self.state.streams)) as batches:
            async for batch in batches:
                start = b""
                if not response.prepared:  # an error before the first text is a plain reply
                    await response.prepare(request)
                    start = self.writer.start()
                written = start + (b"".join(map(self.writer.write, batch)) if batch else ALIVE)
                left -= self._count(batch)
                if not left:
                    return written
                await response.write(written)
        return b""

    def _count(self, batch: Sequence[Delta]) -> int:
        """Note what is sent; how many choices end with it."""
        call = current_call()
        if call.first_seconds is None and any(isinstance(delta, Reasoning | Content) for delta in batch):
            call.first_seconds = time.monotonic() - self.began
            self.state.metrics.began(call.first_seconds)
        ends = [delta for delta in batch if isinstance(delta, End)]
        for end in ends:
            _count(self.state, end.outcome)
        return len(ends)


def _note(asked: Asked, state: State) -> None:
    call, turns = current_call(), [turn.text for turn in asked.problem.turns]
    call.note = f"model={asked.model} stream={int(asked.stream)}"
    call.texts = (*turns, asked.problem.question)
    if state.settings.server.log_prompts:
        call.note += f" prompt={json.dumps(call.texts, ensure_ascii=True)}"


def _count(state: State, outcome: Outcome) -> None:
    thinking, whole = outcome.reasoning_tokens, outcome.completion_tokens
    state.metrics.generated(thinking, whole - thinking, outcome.extra["ignored_stops"])
    if state.drift is not None and outcome.stopped is not None:
        state.drift.count(outcome.stopped)
    current_call().note += f" thinking={thinking} answer={whole - thinking}"


def _json(value: dict[str, Any]) -> Any:
    from aiohttp import web

    return web.Response(body=encoded(value), content_type="application/json")


def _model_objects(state: State) -> list[dict[str, Any]]:
    model, efforts = state.work.model, state.work.rules.dial.efforts
    names = [model, *(f"{model}:{effort}" for effort in efforts), f"{model}:ignore-3", f"{model}:think-2k"]
    return [{"id": name, "object": "model", "created": state.started, "owned_by": "s1m"} for name in names]


def _models(state: State) -> Any:
    async def models(request: Request) -> StreamResponse:
        check_key(request, state)
        return _json({"object": "list", "data": _model_objects(state)})  # type: ignore[no-any-return]

    return models


def _model(state: State) -> Any:
    async def model(request: Request) -> StreamResponse:
        check_key(request, state)
        name = request.match_info["model"]
        for each in _model_objects(state):
            if each["id"] == name:
                return _json(each)  # type: ignore[no-any-return]
        raise ApiError("there is no such model", "model", status=404, code="model_not_found")

    return model


def _health(state: State) -> Any:
    from aiohttp import web

    async def health(_request: Request) -> StreamResponse:
        """Whether new requests are taken. No key is needed: load balancers have none."""
        draining = state.slots.draining
        status = {"status": "draining" if draining else "ok", "requests": state.slots.taken}
        return web.json_response(status, status=503 if draining else 200)

    return health


def _metrics(state: State) -> Any:
    from aiohttp import web

    async def metrics(request: Request) -> StreamResponse:
        check_key(request, state)
        text, kind = state.metrics.page(state.slots.taken, state.drift)
        return web.Response(body=text, headers={"Content-Type": kind})

    return metrics
