"""vLLM at token level: the model continues exactly the tokens it wrote, and every image is sent once.

Where a server has the token endpoint closed, the same steps go through its chat endpoint as text, with a warning.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from s1m.engines.chat import ChatEngine
from s1m.engines.chat.protocol import NO_OPTIONS
from s1m.engines.choices import is_one_of, not_bound
from s1m.engines.dials import AUTO
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.images import encoded_images
from s1m.engines.remote.models import find_context
from s1m.engines.remote.once import Once, OnceEach
from s1m.engines.remote.refusals import Refused
from s1m.engines.remote.reply import encode
from s1m.engines.vllm.asking import Asking
from s1m.engines.vllm.chain import LONGEST_POSITION, Plan
from s1m.engines.vllm.check import Abilities, NoTokens, find_abilities
from s1m.engines.vllm.completing import chained, completion_of, whole
from s1m.engines.vllm.prompts import Prompt, Prompts
from s1m.engines.vllm.protocol import GENERATE, GeneratedChoice
from s1m.engines.vllm.room import find_room
from s1m.errors import EngineError, EngineUnavailable
from s1m.families.turn import begun, ends_thinking, thinking_is_off
from s1m.types import Completion, Piece, Problem, RequestOptions, Sampling, Step

logger = logging.getLogger("s1m")

MOST_CACHE_MISSES = 5
"""Times that a server may have lost an image within one request."""


class VllmEngine:
    """Continues token ids through ``/inference/v1/generate``. Belongs to the event loop in which it is first used.

    An empty ``model`` means the only one that the servers offer. ``context_tokens`` is known once it is ``ready``.
    With ``streams`` or ``forces`` off that is not used even where the servers can do it.
    """

    name = "vllm"
    binds_json = True
    takes_turns = True

    def __init__(
        self,
        servers: Servers,
        model: str = "",
        *,
        options: RequestOptions = NO_OPTIONS,
        streams: bool = True,
        forces: bool = True,
        dial: str = AUTO,
    ) -> None:
        self.can_show_images_again = True
        self.context_tokens: int | None = None
        self.how = ""
        """How its servers are made to think, known once it is ``ready``; for the record of a run."""
        self._servers = servers
        self._options = options
        self._chat = ChatEngine(servers, model, options=options, dial=dial)
        self._binds_choices = True
        self._abilities = OnceEach(self._find_abilities)
        self._digits: tuple[int, ...] = ()
        self._said: set[str] = set()
        self._streams, self._forces = streams, streams and forces
        self._prompts = Once(self._find_prompts)
        self._prompt = OnceEach(self._make_prompt, remembered=servers.most_under_way)
        self._spelled = OnceEach(self._spell, key_of=str)

    def __repr__(self) -> str:
        return f"VllmEngine({str(self._servers)!r})"

    async def ready(self) -> None:
        """Find out which model the servers offer, how long its context is, and whether they take token ids."""
        if await self._prompts.get() is None:
            await self._chat.ready()
        self.context_tokens = await find_context(self._servers, await self.served_model())

    async def ready_to_reply(self) -> None:
        """The same for whole replies, which come from the server's chat endpoint."""
        await self._chat.ready_to_reply()
        self.context_tokens = self._chat.context_tokens

    async def served_model(self) -> str:
        """The name of the model that is asked: the given one, or the only one that the servers offer."""
        return await self._chat.served_model()

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """Continue the assistant's turn of ``problem``; ``token_ids`` are those that the model wrote.

        A server that refuses ``choices``, or writes something else, is asked without. Raises ``EngineError``;
        ``PromptTooLong`` when the problem cannot fit, ``EngineUnavailable`` when no problem can be done.
        """
        if step.whole is not None:
            return await self._chat.generate(problem, step, sampling)
        prompts = await self._prompts.get()
        if prompts is None:
            return await self._chat.generate(problem, step, sampling)
        unbound = replace(step, choices=())
        if not self._binds_choices:
            step = unbound
        try:
            completion = await self._continue(problem, step, sampling, prompts)
        except Refused:
            if not step.choices:
                raise
            return await self._continue(problem, unbound, sampling, prompts)
        if not step.choices or is_one_of(step.choices, completion):
            return completion
        if self._binds_choices:
            logger.warning(not_bound(self._servers, step.choices, completion))
            self._binds_choices = False
        return await self._continue(problem, unbound, sampling, prompts)

    async def close(self) -> None:
        """Close every connection. Safe to call twice; the engine can be used again afterwards."""
        for part in (self._abilities, self._prompts, self._prompt, self._spelled, self._chat):
            await part.close()

    async def _continue(
        self, problem: Problem, step: Step, sampling: Sampling, prompts: Prompts, *, chains: bool = True
    ) -> Completion:
        prompt = await self._prompt.get(problem)
        if ends_thinking(prompt.ending, step.prefix, step.stop):
            switch = await prompts.switch(step.prefix, step.stop)
            raise EngineUnavailable(f"{self._servers}: {thinking_is_off(switch)}")
        turn = await self._turn(begun(prompt.ending, step.prefix), prompt, prompts)
        times_shown = 1 + sum(piece.images for piece in step.prefix)
        stop_ids = [ids[0] for ids in [await self._spelled.get(stop) for stop in step.stop] if len(ids) == 1]
        asking = Asking(
            model=await self.served_model(),
            token_ids=(*prompt.token_ids, *turn),
            step=step,
            sampling=sampling,
            stop_token_ids=stop_ids,
            plan=await self._plan(step, sampling, chains=chains),
        )
        sent = len(prompt.token_ids) + len(turn)
        asked: list[Server] = []

        async def body(server: Server) -> bytes:
            asked.append(server)
            known = server in prompt.known_to
            urls = [None] * len(prompt.images) if known else await encoded_images(problem)
            abilities = await self._abilities.get(server)
            return encode(asking.body(abilities, prompt.images * times_shown, list(urls) * times_shown))

        request = Request(
            path=GENERATE,
            body=body,
            read=asking.read,
            tokens=lambda choice: len(choice.token_ids),
            on_event=asking.take,
            arrived=lambda: asking.arrived,
        )
        choice = await self._ask(request, problem, prompt)
        prompt.known_to.add(asked[-1])  # the last one asked is the one that answered
        read = prompt.tokens_of(sent, times_shown, asking.reported)
        if asking.plan is not None:
            stretches = asking.stretches(choice)
            if stretches is None:  # the server's context ended in the middle of a chain
                return await self._continue(problem, step, sampling, prompts, chains=False)
            return replace(await chained(asking, stretches, choice, prompts), prompt_tokens=read)
        whole_choice = await whole(asking, choice, prompts)
        return replace(await completion_of(whole_choice, step, stop_ids, prompts), prompt_tokens=read)

    async def _plan(self, step: Step, sampling: Sampling, *, chains: bool) -> Plan | None:
        """What to ask of the plugin; None where it has nothing to do, or for a delimiter of several tokens.

        A segment by itself (its text is listened to, or it is the last one) is drawn there all the same, with the same
        tokens as in a chain.
        """
        if not self._digits or step.at_once is None:
            return None
        strings = step.at_once.ignore_strings if chains and step.on_text is None else ()
        if not strings and sampling.temperature == 0:
            return None
        close = await self._spelled.get(step.stop[0])
        if len(close) != 1:
            if strings and step.stop[0] not in self._said:
                self._said.add(step.stop[0])
                logger.warning(
                    "%s: the delimiter %r is %d tokens of this model, which the server's plugin cannot take back; "
                    "stops are ignored from here, a request each",
                    self._servers,
                    step.stop[0],
                    len(close),
                )
            return None
        plan = Plan(
            close=close[0],
            ignores=tuple([await self._spelled.get(text) for text in strings]),
            digits=self._digits,
            min_tokens=step.at_once.min_tokens,
            max_tokens=step.at_once.max_tokens,
            seeds=step.at_once.seeds[: len(strings)],
        )
        return plan if plan.all_tokens < LONGEST_POSITION else replace(plan, ignores=(), seeds=())

    async def _ask(self, request: Request[GeneratedChoice], problem: Problem, prompt: Prompt) -> GeneratedChoice:
        """The reply, the images sent again as often as the server has lost them: it restarts, its cache is small."""
        for _ in range(MOST_CACHE_MISSES):
            try:
                return await self._servers.ask(request, problem=problem.id, first=self._check)
            except Refused as error:
                if "cache miss" not in str(error).lower():
                    raise
                prompt.known_to.clear()
        raise EngineError(
            f"problem {problem.id}: the server lost its images {MOST_CACHE_MISSES} times in a row; "
            "give it a larger cache of images"
        )

    async def _turn(self, pieces: tuple[Piece, ...], prompt: Prompt, prompts: Prompts) -> list[int]:
        """The ids of the assistant's turn so far."""
        turn: list[int] = []
        for piece in pieces:
            ids = piece.token_ids if piece.token_ids is not None else await self._spelled.get(piece.text)
            turn += ids
            if piece.images and prompt.images:
                turn += [token for _ in prompt.images for token in await prompts.image_ids()]
        return turn

    async def _find_prompts(self) -> Prompts | None:
        model = await self.served_model()
        try:
            abilities = await asyncio.gather(*(self._abilities.get(server) for server in self._servers.reachable()))
        except NoTokens as error:
            logger.warning("%s; continuing through its chat endpoint as text", error)
            self.can_show_images_again = False
            return None
        self._digits = abilities[0].digits if all(each.digits for each in abilities) else ()
        if self._digits:
            self.how = "thinking is forced inside the server: a chain is one request"
        elif all(each.streams for each in abilities):
            self.how = "thinking is streamed: a segment is one request"
        return Prompts(self._servers, model, abilities[0].placeholder, self._options)

    async def _find_abilities(self, server: Server) -> Abilities:
        found = await find_abilities(self._servers, server, await self.served_model())
        server.window.has_room_for(await find_room(self._servers, server))
        return replace(found, streams=found.streams and self._streams, digits=found.digits if self._forces else ())

    async def _check(self, server: Server) -> None:
        """Raises ``EngineUnavailable`` for a server that came later and does not take token ids."""
        try:
            await self._abilities.get(server)
        except NoTokens as error:
            raise EngineUnavailable(str(error)) from error

    async def _make_prompt(self, problem: Problem) -> Prompt:
        prompts = await self._prompts.get()
        assert prompts is not None
        return await prompts.prompt(problem)

    async def _spell(self, text: str) -> tuple[int, ...]:
        prompts = await self._prompts.get()
        assert prompts is not None
        return await prompts.spell(text)
