"""Any OpenAI-compatible chat server as an engine: each step is one request that continues the assistant's turn as text.

What is sent and read is decided in ``chat``, what a status means in ``refusals``, when to try again in ``retry``.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from s1m.engines.chat import Unreadable, chat_request, decode, read_completion
from s1m.engines.continuation import Verdict, compare, judge_unasked, probe, read_prompt_tokens
from s1m.engines.endpoint import api_root, checked_key, is_loopback
from s1m.engines.images import data_urls
from s1m.engines.once import Once
from s1m.engines.refusals import Refused, refusal, server_message
from s1m.engines.retry import DEFAULT_BACKOFF, Backoff, GaveUp, Transient, retry
from s1m.errors import EngineError, EngineUnavailable, UsageError
from s1m.types import Completion, Problem, Sampling, Step

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

CONNECT_SECONDS = 10.0
KEEP_ALIVE_SECONDS = 4.0
"""Below the 5 s after which uvicorn closes an idle connection, so that none is used just as it closes."""
SECRET_CHARACTERS = 8
"""Shorter keys are placeholders such as EMPTY, and hiding them would only garble messages."""


class Model(msgspec.Struct, frozen=True):
    """A model that the server offers."""

    id: str


class Models(msgspec.Struct, frozen=True):
    """The reply of /v1/models."""

    data: list[Model]


class HttpEngine:
    """Continues text through ``/v1/chat/completions``. Belongs to the event loop in which it is first used.

    ``base_url`` may end in ``/v1`` or ``/v1/chat/completions`` or neither. An empty ``model`` means the only one that
    the server offers. ``timeout_seconds`` bounds each request as a whole, however slowly its answer trickles in;
    ``max_concurrency`` bounds the requests under way. Raises ``UsageError`` for values that cannot work.
    """

    name = "http"
    context_tokens: int | None = None

    def __init__(
        self,
        base_url: str,
        model: str = "",
        api_key: str | None = None,
        *,
        timeout_seconds: float = 600.0,
        max_retries: int = 5,
        max_concurrency: int = 64,
        backoff: Backoff = DEFAULT_BACKOFF,
    ) -> None:
        if timeout_seconds <= 0 or max_retries < 0 or max_concurrency < 1:
            raise UsageError("timeout_seconds and max_concurrency must be above 0, max_retries at least 0")
        self.base_url = api_root(base_url)
        self._api_key = checked_key(api_key)
        self._timeout_seconds = timeout_seconds
        self._max_retries = max_retries
        self._max_concurrency = max_concurrency
        self._backoff = backoff
        self._given_model = model
        self._model = Once(self._find_model)
        self._continuation = Once(self._check_continuation)
        # One entry for each problem under way: its images are encoded once, not once a step.
        self._image_urls = lru_cache(maxsize=max_concurrency)(data_urls)
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(max_concurrency)
        self._reached = False

    def __repr__(self) -> str:
        return f"HttpEngine({self.base_url!r}, model={self._given_model!r})"

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """Continue the assistant's turn of ``problem``.

        ``tokens`` counts those of the stop string or end of turn too. Raises ``EngineError``; ``PromptTooLong`` when
        the problem cannot fit, ``EngineUnavailable`` when no problem can be done.
        """
        try:
            images = self._image_urls(problem.images)
        except ValueError as error:
            raise EngineError(f"problem {problem.id}: {error}") from error
        prefix = "".join(piece.text for piece in step.prefix)
        model = await self._model.get()
        if prefix:
            await self._continuation.get()
        request = chat_request(
            model=model, question=problem.question, images=images, prefix=prefix, step=step, sampling=sampling
        )
        return await self._ask("POST", "chat/completions", request, partial(read_completion, step=step))

    async def served_model(self) -> str:
        """The name of the model that is asked: the given one, or the only one that the server offers."""
        return await self._model.get()

    async def close(self) -> None:
        """Close every connection. Safe to call twice; the engine can be used again afterwards."""
        await self._model.close()
        await self._continuation.close()
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _find_model(self) -> str:
        if self._given_model:
            return self._given_model
        models = [model.id for model in (await self._ask("GET", "models", None, partial(decode, kind=Models))).data]
        if len(models) != 1:
            raise UsageError(f"{self.base_url} offers {', '.join(models) or 'no model'}; name one with --model")
        return models[0]

    async def _check_continuation(self) -> None:
        verdict = await self._continues()
        if verdict == "restarts":
            raise EngineUnavailable(
                f"{self.base_url} begins a new turn instead of continuing the assistant's (it ignores "
                "continue_final_message), so thinking cannot be forced; use vLLM, SGLang or a recent llama.cpp"
            )
        if verdict == "unknown":
            warnings.warn(
                f"{self.base_url} does not let it be seen whether it continues the assistant's turn "
                "(continue_final_message); if it does not, forced thinking means nothing",
                RuntimeWarning,
                stacklevel=2,
            )

    async def _continues(self) -> Verdict:
        try:
            continued = await self._prompt_tokens(assistant=True, continued=True)
        except Refused as error:
            raise EngineUnavailable(f"{self.base_url} will not continue the assistant's turn: {error}") from error
        try:
            plain = await self._prompt_tokens(assistant=True, continued=False)
        except Refused:
            return "continues"  # It takes an open turn at the end only when it is told to continue it.
        verdict = compare(continued, plain)
        if verdict == "unknown" and continued == plain:
            verdict = judge_unasked(plain, await self._prompt_tokens(assistant=False, continued=False))
        return verdict

    async def _prompt_tokens(self, *, assistant: bool, continued: bool) -> int | None:
        request = probe(await self._model.get(), assistant=assistant, continued=continued)
        return await self._ask("POST", "chat/completions", request, read_prompt_tokens)

    async def _ask(self, method: str, path: str, request: dict[str, Any] | None, read: Callable[[bytes], T]) -> T:
        """What ``read`` makes of the reply, with as many tries as allowed."""
        try:
            content = b"" if request is None else msgspec.json.encode(request)
        except UnicodeEncodeError as error:
            raise EngineError("the prompt holds half a character (a lone surrogate); correct the data") from error

        async def attempt() -> T:
            body = await self._exchange(method, path, content)
            try:
                return read(body)
            except Unreadable as error:
                raise Transient(f"{error}: {self._quote(body)}".rstrip(": ")) from error

        try:
            return await retry(attempt, max_retries=self._max_retries, backoff=self._backoff)
        except GaveUp as error:
            if error.last.unreachable and not self._reached:
                raise EngineUnavailable(
                    f"nobody answers at {self.base_url} ({error.last}); start the server or correct --base-url, "
                    f"and check with: curl {self.base_url}/models"
                ) from error
            raise

    async def _exchange(self, method: str, path: str, content: bytes) -> bytes:
        """The body of the answer to one request. Raises ``Transient`` or ``EngineError`` for anything but a 200."""
        import httpx

        client = self._open()
        try:
            async with self._slots, asyncio.timeout(self._timeout_seconds):
                response = await client.request(method, f"{self.base_url}/{path}", content=content)
        except httpx.ConnectTimeout as error:
            raise Transient("the connection timed out", unreachable=True) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Transient(f"no answer within {self._timeout_seconds:g} s") from error
        except httpx.RequestError as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise Transient(reason, unreachable=isinstance(error, httpx.ConnectError)) from error
        self._reached = True
        if response.status_code != 200:
            retry_after = response.headers.get("retry-after")
            message = self._quote(response.content)
            raise refusal(response.status_code, retry_after, message, self.base_url, self._given_model)
        return response.content

    def _open(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            headers = {"Content-Type": "application/json"}
            if self._api_key:
                headers["Authorization"] = f"Bearer {self._api_key}"
            self._slots = asyncio.Semaphore(self._max_concurrency)
            try:
                self._client = httpx.AsyncClient(
                    headers=headers,
                    timeout=httpx.Timeout(self._timeout_seconds, connect=min(CONNECT_SECONDS, self._timeout_seconds)),
                    limits=httpx.Limits(
                        max_connections=self._max_concurrency,
                        max_keepalive_connections=self._max_concurrency,
                        keepalive_expiry=KEEP_ALIVE_SECONDS,
                    ),
                    # A proxy cannot reach this machine's own loopback.
                    trust_env=not is_loopback(self.base_url),
                )
            except (ImportError, OSError, ValueError) as error:  # proxies and certificates named by the environment
                raise EngineUnavailable(f"cannot open connections as the environment asks: {error}") from error
        return self._client

    def _quote(self, body: bytes) -> str:
        """What the server says, on one line, without the key should it echo it."""
        if self._api_key is None or len(self._api_key) < SECRET_CHARACTERS:
            return server_message(body)
        # Before the message is shortened, which could leave half a key, and after its JSON is decoded.
        return server_message(body.replace(self._api_key.encode(), b"***")).replace(self._api_key, "***")
