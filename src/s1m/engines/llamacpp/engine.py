"""llama.cpp as an engine: the server renders the question, and its completion continues that text and no other.

Its chat endpoint repeats the turn in every reply, and closes an empty thought before the turn of a model that thinks;
its completion takes the prompt as a text, images included, does neither, and names the stop string that ended it. Where
a gateway passes on the chat endpoint alone, the turn is continued there, as with ``--engine http``.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial

from s1m.engines.chat import ChatEngine
from s1m.engines.chat.delimiters import TOKENIZE, Tokens
from s1m.engines.chat.protocol import NO_OPTIONS
from s1m.engines.dials import AUTO
from s1m.engines.llamacpp.protocol import (
    APPLY_TEMPLATE,
    COMPLETION,
    PROPS,
    Props,
    Templated,
    completion_request,
    read_generated,
)
from s1m.engines.messages import Question
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.images import encoded_images
from s1m.engines.remote.once import OnceEach
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import decode, encode
from s1m.errors import EngineError, EngineUnavailable
from s1m.families import after_thinking
from s1m.types import Completion, Piece, Problem, RequestOptions, Sampling, Step

logger = logging.getLogger("s1m")

MOST_SEED = 2**31 - 1


class LlamaCppEngine:
    """Continues text through ``/completion``. Belongs to the event loop in which it is first used.

    An empty ``model`` means the only one that the servers offer. ``context_tokens`` is known once it is ``ready``.
    """

    name = "llamacpp"
    can_show_images_again = True
    binds_json = True
    takes_turns = True

    def __init__(
        self, servers: Servers, model: str = "", *, options: RequestOptions = NO_OPTIONS, dial: str = AUTO
    ) -> None:
        self.context_tokens: int | None = None
        self._servers = servers
        self._options = options
        self._chat = ChatEngine(servers, model, options=options, dial="llamacpp" if dial == AUTO else dial)
        self._native = True
        self._props = OnceEach(self._ask_props)
        self._prompts = OnceEach(self._render, key_of=lambda pair: pair)
        self._spelled = OnceEach(self._spell, key_of=lambda pair: pair)
        self._images = OnceEach(encoded_images, remembered=servers.most_under_way)

    def __repr__(self) -> str:
        return f"LlamaCppEngine({str(self._servers)!r})"

    async def ready(self) -> None:
        """Find out which model the servers offer, how long the context of a slot is, and that they are llama.cpp's."""
        await self.served_model()
        try:
            props = await asyncio.gather(*(self._props.get(server) for server in self._servers.reachable()))
        except NotOffered as error:
            self._fall_back(error)
            await self._chat.ready()
            self.context_tokens = self._chat.context_tokens
            return
        contexts = [each.default_generation_settings.n_ctx for each in props]
        self.context_tokens = min((context for context in contexts if context), default=None)

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
        if step.min_tokens <= 1 or not self._native:
            return await self._generate(problem, step, sampling)
        # llama.cpp has no minimum, but it can forbid tokens for the length of a request: so the minimum is one of its
        # own, in which neither the delimiter nor the end of the turn can be drawn.
        least = await self._generate(problem, replace(step, max_tokens=step.min_tokens), sampling)
        left = step.max_tokens - least.tokens
        if left < 1 or least.finish != "length":
            return least
        prefix = (*step.prefix, Piece(text=least.text))
        seed = (step.seed + 1) & MOST_SEED  # the same seed would draw the first tokens of the minimum over again
        rest = replace(step, prefix=prefix, max_tokens=left, min_tokens=0, seed=seed)
        return combined(least, await self._generate(problem, rest, sampling))

    async def _generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """The completion of a step; one that has a minimum is nothing but its minimum."""
        asked: list[tuple[Server, Props]] = []
        try:
            if self._native:
                return await self._continue(problem, step, sampling, asked)
        except NotOffered as error:
            self._fall_back(error)
        except Refused:
            if not problem.every_image or not asked or not await self._started_again(*asked[-1]):
                raise
            return await self._continue(problem, step, sampling, asked)
        if any(piece.images for piece in step.prefix):
            raise EngineUnavailable(
                f"{self._servers} offers chat alone, where images cannot be shown again; use the address of "
                "llama.cpp's own server"
            )
        return await self._chat.generate(problem, step, sampling)

    def _fall_back(self, error: NotOffered) -> None:
        if self._native:
            logger.warning("%s does not offer llama.cpp's own endpoints (%s); using its chat", self._servers, error)
        self._native = False

    async def close(self) -> None:
        """Close every connection. Safe to call twice; the engine can be used again afterwards."""
        for part in (self._props, self._prompts, self._spelled, self._images, self._chat):
            await part.close()

    async def _continue(
        self, problem: Problem, step: Step, sampling: Sampling, asked: list[tuple[Server, Props]]
    ) -> Completion:
        """The completion; ``asked`` gets the servers that the request was made for, and what was known of them."""
        question = Question.of(problem)

        async def body(server: Server) -> bytes:
            prompt, props = await self._prompts.get((server, question)), await self._props.get(server)
            asked.append((server, props))
            text = joined(prompt, step.prefix, props.media_marker * len(problem.every_image))
            urls = await self._images.get(problem)
            images = [url.partition("base64,")[2] for url in urls]
            shown = 1 + sum(piece.images for piece in step.prefix)
            forbidden = await self._forbidden(server, step)
            return encode(
                completion_request(
                    prompt=text, images=images * shown, step=step, sampling=sampling, forbidden=forbidden
                )
            )

        async def first(server: Server) -> None:
            await self._prompts.get((server, question))
            await self._forbidden(server, step)

        request = Request(
            path=COMPLETION,
            body=body,
            read=partial(read_generated, step=step),
            tokens=lambda completion: completion.tokens,
        )
        return await self._servers.ask(request, problem=problem.id, first=first)

    async def _forbidden(self, server: Server, step: Step) -> list[int]:
        """The tokens that must not be drawn within a minimum. Raises ``EngineUnavailable`` for a stop of several."""
        if step.min_tokens <= 1:
            return []
        spelled = {stop: await self._spelled.get((server, stop)) for stop in step.stop}
        for stop, ids in spelled.items():
            if len(ids) != 1:
                raise EngineUnavailable(
                    f"llama.cpp can keep back single tokens alone, and {stop} is {len(ids)} of this model: leave out "
                    "--min-thinking-tokens"
                )
        return [ids[0] for ids in spelled.values()]

    async def _spell(self, pair: tuple[Server, str]) -> list[int]:
        async def body(_server: Server) -> bytes:
            return encode({"content": pair[1], "add_special": False, "parse_special": True})

        request = Request(path=TOKENIZE, body=body, read=lambda reply: decode(reply, Tokens).tokens)
        return await self._servers.ask(request, at=pair[0])

    async def _started_again(self, server: Server, known: Props) -> bool:
        """Whether the server has another marker for images than the prompts it rendered; these are forgotten then."""
        if (await self._ask_props(server)).media_marker == known.media_marker:
            return False
        if (await self._props.get(server)).media_marker == known.media_marker:  # else another request saw it first
            # Replaced, not closed: requests of other problems may be waiting for their values.
            self._props = OnceEach(self._ask_props)
            self._prompts = OnceEach(self._render, key_of=lambda pair: pair)
        return True

    async def _ask_props(self, server: Server) -> Props:
        return await self._servers.ask(Request(path=PROPS, read=lambda reply: decode(reply, Props)), at=server)

    async def _render(self, pair: tuple[Server, Question]) -> str:
        """A server's prompt of a question, up to where the assistant's turn begins."""
        server, question = pair
        await self._props.get(server)
        messages = question.messages(self._options)

        async def body(_server: Server) -> bytes:
            template = self._options.template
            rendering = {"chat_template_kwargs": dict(template)} if template else {}
            return encode({"messages": messages, **rendering})

        request = Request(path=APPLY_TEMPLATE, body=body, read=lambda reply: decode(reply, Templated).prompt)
        prompt = await self._servers.ask(request, at=server)
        marker = (await self._props.get(server)).media_marker
        count = prompt.count(marker) if marker else 0
        if count != question.images:
            raise EngineError(
                f"the prompt has room for {count} images where the problem has {question.images}; serve the model with "
                "--mmproj, and see that the question spells no marker"
            )
        if prompt.strip() and not after_thinking(prompt).strip():
            raise EngineUnavailable(
                f"{server.url} closes an empty thought before the turn: thinking is off in its chat template; "
                "start it with --chat-template-kwargs '{\"enable_thinking\": true}'"
            )
        return prompt


def combined(least: Completion, rest: Completion) -> Completion:
    """A minimum and what was written after it as one completion; the prompt of both was read."""
    read = (least.prompt_tokens, rest.prompt_tokens)
    return replace(
        rest,
        text=least.text + rest.text,
        tokens=least.tokens + rest.tokens,
        logprob=None,
        prompt_tokens=None if None in read else sum(filter(None, read)),
    )


def joined(prompt: str, pieces: tuple[Piece, ...], images: str) -> str:
    """The prompt and the turn so far, in which thinking is opened once, be it by the template or by the turn."""
    opening = pieces[0].text.strip() if pieces else ""
    if opening and prompt.rstrip().endswith(opening):
        prompt = prompt.rstrip().removesuffix(opening)
    return prompt + "".join(piece.text + (images if piece.images else "") for piece in pieces)
