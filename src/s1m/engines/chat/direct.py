"""Whole replies from chat servers: asked in the words of a dial, which is given, known from the server, or tried out.

Where nothing says which dial a server is of, the first whose fields it does not refuse is used from then on.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from s1m.engines.chat.dial import Asking, Dial, turned
from s1m.engines.dials import AUTO, UNKNOWN_SERVER, dial_of_addresses, find_dial
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import UNKNOWN_FIELD, Refused
from s1m.engines.remote.reply import encode
from s1m.errors import CannotContinue, EngineError, EngineUnavailable, UsageError
from s1m.types import Completion, Problem, RequestOptions, Sampling, Step, WholeReply

logger = logging.getLogger("s1m")

Images = Callable[[Problem], Awaitable[tuple[str, ...]]]

HINTS = {
    "temperature": "add --temperature 1",
    "top_p": "add --top-p 1",
    "thinking_token_budget": "start vLLM with --reasoning-config, see docs/strategies.md",
}
"""What to do about a field that a server refuses by name; for all others another ``--dial`` may do."""


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """A dial, and whether probabilities are asked for beside it."""

    dial: type[Dial]
    logprobs: bool


@dataclass(kw_only=True)
class WholeReplies:
    """Asks servers for whole replies. What they refused is remembered for all requests after it."""

    servers: Servers
    options: RequestOptions
    model: Callable[[], Awaitable[str]]
    images: Images
    dial: str = AUTO
    _spellings: list[Spelling] = field(default_factory=list)
    _warned: bool = False

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        """The whole reply to ``problem``, asked for as ``step.whole`` says.

        Raises ``EngineError``; ``Withheld`` for a refusal, ``EngineUnavailable`` where the server takes none of the
        spellings, or does not keep a budget that it promises to keep.
        """
        assert step.whole is not None
        asking = Asking(
            model=await self.model(),
            problem=problem,
            images=await self.images(problem),
            step=step,
            whole=step.whole,
            sampling=sampling,
            options=self.options,
        )
        spellings = self._spellings or self._possible(asking)
        refusals: list[EngineError] = []
        for spelling in spellings:
            try:
                completion = await self._ask(problem, asking, spelling)
            except (Refused, CannotContinue) as error:
                refusals.append(error)
                if knows_its_field(error, asking.whole, spelling.dial):
                    raise explained(error, asking, spelling.dial) from error
                continue
            if not self._spellings and len(spellings) > 1:
                logger.info("%s is asked as --dial %s", self.servers, spelling.dial.name)
            self._spellings = [spelling]
            self._check_budget(asking, completion, spelling.dial)
            return completion
        raise explained(refusals[0], asking, spellings[0].dial)

    def _possible(self, asking: Asking) -> list[Spelling]:
        """The spellings to try, in order. Raises ``UsageError`` where no dial can turn what is wanted."""
        names: Sequence[str] = [self.dial]
        if self.dial == AUTO:
            known = dial_of_addresses(self.servers.urls)
            names = [known] if known else UNKNOWN_SERVER
        spellings = []
        unable: UsageError | None = None
        for dial in map(find_dial, names):
            try:
                turned(dial, asking.whole)
            except UsageError as error:
                unable = unable or error
                continue
            spellings += [Spelling(dial=dial, logprobs=True)] if dial.wants_logprobs else []
            spellings.append(Spelling(dial=dial, logprobs=False))
        if not spellings and unable:
            raise unable
        return spellings

    async def _ask(self, problem: Problem, asking: Asking, spelling: Spelling) -> Completion:
        dial = spelling.dial
        content = dial.request(asking) | turned(dial, asking.whole) | ({"logprobs": True} if spelling.logprobs else {})

        async def body(_server: Server) -> bytes:
            return encode(content)

        request = Request(
            path=dial.path,
            body=body,
            read=lambda reply: dial.read(reply, asking),
            tokens=lambda completion: completion.tokens,
        )
        return await self.servers.ask(request, problem=problem.id)

    def _check_budget(self, asking: Asking, completion: Completion, dial: type[Dial]) -> None:
        """Raises ``EngineUnavailable`` for thinking beyond an enforced budget; warns once where it is a wish."""
        budget, used = asking.whole.budget, completion.thinking_tokens
        if budget is None or used is None or used <= budget:
            return
        said = f"{self.servers} wrote {used} tokens of thinking where its budget was {budget} (--dial {dial.name})"
        if dial.keeps_budget:
            raise EngineUnavailable(
                f"{said}, so it ignores {next(iter(dial.budget_fields(budget)))}; see docs/strategies.md, or use "
                "--strategy direct"
            )
        if not self._warned:
            logger.warning("%s; the provider does not enforce it, the tokens are counted as they are", said)
            self._warned = True


def knows_its_field(refusal: EngineError, whole: WholeReply, dial: type[Dial]) -> bool:
    """Whether a server refuses what the dial turns although it knows the field: no other spelling is to be tried."""
    said = str(refusal)
    named = any(re.search(rf"\b{name}\b", said) for name in turned(dial, whole))
    return named and not UNKNOWN_FIELD.search(said)


def explained(refusal: EngineError, asking: Asking, dial: type[Dial]) -> EngineError:
    """The error to raise for a refusal: the run ends where it names a field, since every request has the same."""
    content: dict[str, Any] = dial.request(asking) | turned(dial, asking.whole)
    said = str(refusal)
    named = [name for name in content if name not in ("model", "messages") and re.search(rf"\b{name}\b", said)]
    if isinstance(refusal, CannotContinue) or (named and UNKNOWN_FIELD.search(said)) or set(named) & HINTS.keys():
        hint = next((HINTS[name] for name in named if name in HINTS), "choose another --dial, or leave the setting out")
        what = named[0] if named else "a field of the request"
        return EngineUnavailable(f"the server does not take {what} as it is set; {hint} ({said})")
    return refusal
