"""SGLang as an engine: its own tokenizer renders the question, and its native endpoint continues that text.

It was never run against a real server: requests and replies follow the source of SGLang 0.5.23.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from s1m.engines.chat import ChatEngine
from s1m.engines.chat.protocol import NO_OPTIONS
from s1m.engines.dials import AUTO
from s1m.engines.messages import Question
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.images import encoded_images
from s1m.engines.remote.models import find_context
from s1m.engines.remote.once import OnceEach
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import decode, encode
from s1m.engines.sglang.protocol import (
    DETOKENIZE,
    GENERATE,
    TOKENIZE,
    Text,
    Tokens,
    generate_request,
    read_generated,
)
from s1m.errors import EngineUnavailable
from s1m.families.reading import SWITCHES
from s1m.families.turn import begun, ends_thinking, thinking_is_off
from s1m.types import Completion, Problem, RequestOptions, Sampling, Step


class SglangEngine:
    """Continues text through ``/generate``. Belongs to the event loop in which it is first used.

    An empty ``model`` means the only one that the servers offer. ``context_tokens`` is known once it is ``ready``.
    """

    name = "sglang"
    binds_json = True
    takes_turns = True
    can_show_images_again = False
    """A placeholder of images in the assistant's turn would need the model's own spelling of it."""

    def __init__(
        self, servers: Servers, model: str = "", *, options: RequestOptions = NO_OPTIONS, dial: str = AUTO
    ) -> None:
        self.context_tokens: int | None = None
        self._servers = servers
        self._options = options
        self._chat = ChatEngine(servers, model, options=options, dial="vllm" if dial == AUTO else dial)
        self._prompts: OnceEach[tuple[Server, Question], str] = OnceEach(self._prompt, key_of=lambda pair: pair)
        self._spelled = OnceEach(self._spell, key_of=lambda pair: pair)
        self._images = OnceEach(encoded_images, remembered=servers.most_under_way)

    def __repr__(self) -> str:
        return f"SglangEngine({str(self._servers)!r})"

    async def ready(self) -> None:
        """Find out which model the servers offer, how long its context is, and that they render messages."""
        self.context_tokens = await find_context(self._servers, await self.served_model())
        questions = ((server, Question(text="Hi", images=0)) for server in self._servers.reachable())
        await asyncio.gather(*map(self._prompts.get, questions))

    async def ready_to_reply(self) -> None:
        """The same for whole replies, which come from the server's chat endpoint."""
        await self._chat.ready_to_reply()
        self.context_tokens = self._chat.context_tokens

    async def served_model(self) -> str:
        """The name of the model that is asked: the given one, or the only one that the servers offer."""
        return await self._chat.served_model()

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """Continue the assistant's turn of ``problem``.

        ``tokens`` counts those of the stop string or end of turn too. Raises ``EngineError``; ``PromptTooLong`` when
        the problem cannot fit, ``EngineUnavailable`` when no problem can be done.
        """
        if step.whole is not None:
            return await self._chat.generate(problem, step, sampling)
        stop_ids: list[int] = []

        question = Question.of(problem)

        async def first(server: Server) -> None:
            # Everything that the server is asked for the body: a request that holds a slot must not wait for another.
            prompt = await self._prompts.get((server, question))
            if ends_thinking(prompt, step.prefix, step.stop):
                switch = await self._switch((server, question), step)
                raise EngineUnavailable(f"{server.url}: {thinking_is_off(switch)}")
            stop_ids[:] = await self._stop_ids(server, step)

        async def body(server: Server) -> bytes:
            prompt = await self._prompts.get((server, question))
            request = generate_request(
                prompt=prompt + "".join(piece.text for piece in begun(prompt, step.prefix)),
                images=await self._images.get(problem),
                step=step,
                sampling=sampling,
                stop_token_ids=stop_ids,
            )
            return encode(request)

        request = Request(
            path=GENERATE,
            body=body,
            read=partial(read_generated, step=step, stop_token_ids=stop_ids),
            tokens=lambda completion: completion.tokens,
        )
        return await self._servers.ask(request, problem=problem.id, first=first)

    async def close(self) -> None:
        """Close every connection. Safe to call twice; the engine can be used again afterwards."""
        for part in (self._prompts, self._spelled, self._images, self._chat):
            await part.close()

    async def _stop_ids(self, server: Server, step: Step) -> list[int]:
        """The tokens that a minimum must keep back. Raises ``EngineUnavailable`` for a delimiter of several."""
        if step.min_tokens < 1:
            return []
        spelled = {stop: await self._spelled.get((server, stop)) for stop in step.stop}
        several = next((stop for stop, ids in spelled.items() if len(ids) != 1), None)
        if several is not None and step.min_tokens > 1:
            raise EngineUnavailable(
                f"SGLang's minimum keeps back single tokens, and {several} is {len(spelled[several])} of this model: "
                "leave out --min-thinking-tokens"
            )
        return [ids[0] for ids in spelled.values() if len(ids) == 1]

    async def _switch(self, pair: tuple[Server, Question], step: Step) -> Mapping[str, Any]:
        """Options with which the chat template does not end thinking before the turn; none where none is known."""
        for switch in SWITCHES:
            with suppress(Refused):
                if not ends_thinking(await self._prompt(pair, switch), step.prefix, step.stop):
                    return switch
        return {}

    async def _prompt(self, pair: tuple[Server, Question], switch: Mapping[str, Any] | None = None) -> str:
        """A server's prompt of a question as text, up to where the assistant's turn begins."""
        server, question = pair
        template = {**self._options.template, **(switch or {})}
        rendering = {"chat_template_kwargs": template} if template else {}
        messages = question.messages(self._options)
        try:
            ids = await self._tokenize(server, {"messages": messages, **rendering})
            text = await self._text(server, ids)
        except NotOffered as error:
            raise EngineUnavailable(
                f"{server.url} does not render messages ({error}); use a newer SGLang, or --engine http"
            ) from error
        # The endpoint adds a beginning-of-text token of its own where the tokenizer has one; the template wrote it too.
        again = await self._tokenize(server, {"prompt": text})
        if ids and again[:2] == [ids[0], ids[0]] and ids[1:2] != [ids[0]]:
            text = text.removeprefix(await self._text(server, ids[:1]))
        return text

    async def _spell(self, pair: tuple[Server, str]) -> list[int]:
        return await self._tokenize(pair[0], {"prompt": pair[1], "add_special_tokens": False})

    async def _tokenize(self, server: Server, asked: Mapping[str, Any]) -> list[int]:
        model = await self.served_model()

        async def body(_server: Server) -> bytes:
            return encode({"model": model, **asked})

        request = Request(path=TOKENIZE, body=body, read=lambda reply: decode(reply, Tokens).tokens)
        return await self._servers.ask(request, at=server)

    async def _text(self, server: Server, ids: Sequence[int]) -> str:
        model = await self.served_model()

        async def body(_server: Server) -> bytes:
            return encode({"model": model, "tokens": list(ids), "skip_special_tokens": False})

        request = Request(path=DETOKENIZE, body=body, read=lambda reply: decode(reply, Text).text)
        return await self._servers.ask(request, at=server)
