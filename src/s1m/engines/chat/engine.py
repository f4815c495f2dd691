"""Any OpenAI-compatible chat server as an engine: each step is one request that continues the assistant's turn as text.

``chat`` decides what is sent and how a reply is read; ``remote`` which server gets it, retries and concurrency.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any

from s1m.engines.chat.continuation import check_continuation
from s1m.engines.chat.delimiters import check_delimiter
from s1m.engines.chat.direct import WholeReplies
from s1m.engines.chat.prefill import NOT_REPEATED, Prefill
from s1m.engines.chat.protocol import NO_OPTIONS, chat_request, optional_fields, read_completion
from s1m.engines.chat.streaming import ChatWriting, all_at_once, counts_in_streams, stream_fields
from s1m.engines.choices import is_one_of, not_bound
from s1m.engines.dials import AUTO
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.images import encoded_images
from s1m.engines.remote.models import find_context, find_model
from s1m.engines.remote.once import Once, OnceEach
from s1m.engines.remote.refusals import Refused
from s1m.engines.remote.reply import encode
from s1m.errors import EngineUnavailable
from s1m.types import Completion, Problem, RequestOptions, Sampling, Step

logger = logging.getLogger("s1m")


class ChatEngine:
    """Continues text through ``/v1/chat/completions``. Belongs to the event loop in which it is first used.

    An empty ``model`` means the only one that the servers offer. ``context_tokens`` is known once it is ``ready``.
    """

    name = "http"
    can_show_images_again = False
    binds_json = True
    takes_turns = True

    def __init__(
        self, servers: Servers, model: str = "", *, options: RequestOptions = NO_OPTIONS, dial: str = AUTO
    ) -> None:
        self.context_tokens: int | None = None
        self._servers = servers
        self._options = options
        self._given_model = model
        self._takes_optional = True
        self._binds_choices = True
        self._model = Once(partial(find_model, servers))
        self._continuation = OnceEach(self._check_continuation)
        self._delimiters = OnceEach(self._check_delimiter, key_of=lambda pair: pair)
        self._streams = OnceEach(self._check_streams)
        # One entry for each problem that can be under way: its images are encoded once, not once a step.
        self._images = OnceEach(encoded_images, remembered=servers.most_under_way)
        self._whole = WholeReplies(
            servers=servers, options=options, model=self.served_model, images=self._images.get, dial=dial
        )

    def __repr__(self) -> str:
        return f"ChatEngine({str(self._servers)!r})"

    async def ready(self) -> None:
        """Find out which model the servers offer and how long its context is, and that they continue turns."""
        await self.ready_to_reply()
        await asyncio.gather(*(self._continuation.get(server) for server in self._servers.reachable()))

    async def ready_to_reply(self) -> None:
        """The same but for turns, which whole replies do not continue."""
        self.context_tokens = await find_context(self._servers, await self.served_model())

    async def served_model(self) -> str:
        """The name of the model that is asked: the given one, or the only one that the servers offer."""
        return self._given_model or await self._model.get()

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """Continue the assistant's turn of ``problem``.

        ``tokens`` counts those of the stop string or end of turn too. A server that refuses to give probabilities, or
        to write one of ``choices``, is asked without; so is one that writes something else. Raises ``EngineError``;
        ``PromptTooLong`` when the problem cannot fit, ``EngineUnavailable`` when no problem can be done.
        """
        if step.whole is not None:
            return await self._whole.generate(problem, step, sampling)
        optional = optional_fields(step, binds_choices=self._binds_choices) if self._takes_optional else {}
        try:
            completion = await self._continue(problem, step, sampling, optional)
        except Refused:
            if not optional:
                raise
            completion = await self._continue(problem, step, sampling, {})
            self._takes_optional = False
            return completion
        if "structured_outputs" not in optional or is_one_of(step.choices, completion):
            return completion
        if self._binds_choices:
            logger.warning(not_bound(self._servers, step.choices, completion))
            self._binds_choices = False
        return await self._continue(problem, step, sampling, optional_fields(step, binds_choices=False))

    async def close(self) -> None:
        """Close every connection. Safe to call twice; the engine can be used again afterwards."""
        await self._model.close()
        await self._continuation.close()
        await self._delimiters.close()
        await self._streams.close()
        await self._images.close()
        await self._servers.close()

    async def _continue(self, problem: Problem, step: Step, sampling: Sampling, optional: dict[str, Any]) -> Completion:
        prefix = "".join(piece.text for piece in step.prefix)
        model = await self.served_model()

        # Which server gets the request is known when its body is made, and its reply is read right after.
        prefill = NOT_REPEATED
        asked = step
        writing: ChatWriting | None = None

        async def body(server: Server) -> bytes:
            nonlocal prefill, asked, writing
            prefill = await self._continuation.get(server) if prefix else NOT_REPEATED
            images = await self._images.get(problem)
            streams = (step.at_once or step.on_text) and prefill == NOT_REPEATED and await self._streams.get(server)
            if streams:
                writing = writing or ChatWriting(all_at_once(step))
                asked = writing.resumed()
            else:
                asked, writing = step, None
            request = chat_request(
                model=model,
                problem=problem,
                images=images,
                prefix=prefix + (writing.before if writing else ""),
                step=asked,
                sampling=sampling,
                options=self._options,
                prefill=prefill,
            )
            streaming = stream_fields(step) if streams else {}
            return encode(request | optional | prefill.fields_for(sampling) | streaming)

        async def first(server: Server) -> None:
            if (await self._continuation.get(server)).fields:
                if step.min_tokens > 1:
                    raise EngineUnavailable(
                        f"llama.cpp's chat has no minimum of tokens, {step.min_tokens} were asked for: use --engine "
                        "llamacpp, or leave out --min-thinking-tokens"
                    )
                for stop in step.stop:
                    await self._delimiters.get((server, stop))

        def read(reply: bytes) -> Completion:
            if writing is not None and not reply:
                return writing.completion(partial(read_completion, step=asked))
            return read_completion(reply, asked, turn=prefix, prefill=prefill)

        def take(data: bytes) -> int | None:
            return writing.take(data) if writing else 0

        return await self._servers.ask(
            Request(
                path="chat/completions",
                body=body,
                read=read,
                tokens=lambda completion: completion.tokens,
                on_event=take,
                arrived=lambda: writing.arrived if writing else 0,
            ),
            problem=problem.id,
            first=first if prefix else None,
        )

    async def _check_continuation(self, server: Server) -> Prefill:
        return await check_continuation(self._servers, server, await self.served_model(), self._options.template)

    async def _check_streams(self, server: Server) -> bool:
        return await counts_in_streams(self._servers, server, await self.served_model())

    async def _check_delimiter(self, pair: tuple[Server, str]) -> None:
        await check_delimiter(self._servers, pair[0], await self.served_model(), pair[1])
