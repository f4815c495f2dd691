"""Whether a server continues an unfinished assistant turn, thinking included, and repeats it in its reply.

Many servers ignore fields they do not know. Such a server would close the turn and begin another, and every forced
thought would be a conversation about a thought. Many chat templates drop earlier thinking, or put an empty thinking
block before the turn; then no answer would rest on the thinking. Both show in how many tokens five small prompts have,
so no property of the model is needed, and the check costs five requests of one token. Whether the reply holds the turn
too shows in the text of the same replies; a server that repeats it is sent two more requests. Where a turn cannot be
continued as it is, up to four more find out whether another form of it can; see ``openings``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from s1m.engines.chat.openings import find_opened
from s1m.engines.chat.prefill import LLAMA_CPP, NOT_REPEATED, Prefill
from s1m.engines.chat.reply import Probed, read_probe
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import Refused
from s1m.engines.remote.reply import encode
from s1m.errors import CannotContinue, EngineUnavailable
from s1m.families import DEFAULT, after_thinking

logger = logging.getLogger("s1m")

NO_TEMPLATE_OPTIONS: Mapping[str, Any] = {}

Continuation = Literal["continues", "restarts", "drops", "intrudes", "forgets", "unknown"]
"""The server continues the turn; it begins another; it leaves the turn out; its template puts something before the
turn; its template drops the thinking in the turn; the counts do not show which."""

UNUSABLE: dict[Continuation, str] = {
    "restarts": "begins a new turn instead of continuing the assistant's (it ignores continue_final_message), so "
    "thinking cannot be forced; use vLLM, SGLang or a recent llama.cpp",
    "drops": "leaves the assistant's turn out of the prompt, so thinking cannot be forced; use vLLM, SGLang or a "
    "recent llama.cpp",
    "intrudes": "has a chat template that puts something of its own before a continued turn, such as an empty thinking "
    "block; where thinking is off in it, add --template-kwargs enable_thinking=true, or use --engine llamacpp or vllm",
    "forgets": "has a chat template that drops the thinking from the assistant's turn, so no answer could rest on it; "
    "serve the model with a template that keeps it, or use --engine vllm",
}

ONE_WORD = "A"
EXTRA_TOKENS = 4
"""Prompt tokens beyond the one word that show a new turn or block: in ChatML, Llama 3 and Gemma, ending a turn and
beginning another takes five, an empty thinking block four. With fewer, templates as bare as Llama 2's could not be
distinguished."""
SHORT_THOUGHT = DEFAULT.around("A", "B")
MANY_WORDS = "A A A A A A A A A A"
LONG_THOUGHT = DEFAULT.around(MANY_WORDS, "B")
MOST_NEW_TOKENS = 2
"""In the reply to a request for one token: some servers count the end of the turn beyond it."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Prompt tokens that a server counts: the question alone, with a one-word turn that is to be continued or not, and
    with turns of a short and a long thought to be continued. None where it refuses or does not count.
    """

    bare: int | None
    plain: int | None
    continued: int | None
    short_thought: int | None
    long_thought: int | None

    @classmethod
    def of(cls, *probed: Probed | None) -> Counts:
        """The counts of the five replies, in the order above."""
        bare, plain, continued, short, long = (each.prompt_tokens if each else None for each in probed)
        return cls(bare=bare, plain=plain, continued=continued, short_thought=short, long_thought=long)


async def check_continuation(
    servers: Servers, server: Server, model: str, template: Mapping[str, Any] = NO_TEMPLATE_OPTIONS
) -> Prefill:
    """How turns are sent to the server, and what its replies hold of them; ``template`` are options of every request.

    Raises ``EngineUnavailable`` for a server that cannot force thinking; warns where that remains unknown.
    """
    rendering = {"chat_template_kwargs": dict(template)} if template else {}

    async def send(request: dict[str, Any]) -> Probed:
        async def body(_server: Server) -> bytes:
            return encode(request | rendering)

        probed = await servers.ask(Request(path="chat/completions", body=body, read=read_probe), at=server)
        if probed.completion_tokens is None:
            raise EngineUnavailable(f"{server.url} reports no token usage; budgets cannot be kept without it")
        return probed

    async def as_llama_cpp(message: Mapping[str, Any], fields: Mapping[str, Any]) -> Probed | None:
        request = {**probe(model, "", continued=False), **LLAMA_CPP, **fields}
        if message:
            request["messages"].append({"role": "assistant", **message})
        try:
            return await send(request)
        except Refused:
            return None

    try:
        return await _check_whole(server, model, send)
    except CannotContinue:
        opened = await find_opened(as_llama_cpp)
        if opened is None:
            raise
        return Prefill(repeats=True, fields=LLAMA_CPP, opened=opened)


async def _check_whole(server: Server, model: str, send: Callable[[dict[str, Any]], Awaitable[Probed]]) -> Prefill:
    """What the replies hold of a turn that is sent as it is. Raises ``CannotContinue`` where that is not continued."""

    async def ask_if_taken(turn: str, *, continued: bool, **fields: Any) -> Probed | None:
        try:
            return await send(probe(model, turn, continued=continued) | fields)
        except Refused:
            return None

    try:
        continued = await send(probe(model, ONE_WORD, continued=True))
    except Refused as error:
        await _refuse_unanswering(server, model, send, str(error))
        raise CannotContinue(f"{server.url} will not continue the assistant's turn: {error}") from error
    bare, plain, short, long = await asyncio.gather(
        send(probe(model, "", continued=False)),
        ask_if_taken(ONE_WORD, continued=False),
        ask_if_taken(SHORT_THOUGHT, continued=True),
        ask_if_taken(LONG_THOUGHT, continued=True),
    )
    known = _refuse_unusable(server, Counts.of(bare, plain, continued, short, long))
    if long is None or not repeats(long, LONG_THOUGHT):
        _warn_unless(known, server)
        return NOT_REPEATED
    as_llama_cpp = await ask_if_taken(LONG_THOUGHT, continued=True, **LLAMA_CPP)
    if as_llama_cpp is None:
        _warn_unless(known, server)
        return _repeating(server, long, {})
    _warn_unless(known or bool(as_llama_cpp.prompt), server)
    _refuse_intruding(
        server, as_llama_cpp.prompt, (await send({**probe(model, "", continued=False), **LLAMA_CPP})).prompt
    )
    return _repeating(server, as_llama_cpp, LLAMA_CPP)


async def _refuse_unanswering(
    server: Server, model: str, send: Callable[[dict[str, Any]], Awaitable[Probed]], reason: str
) -> None:
    """Raise ``EngineUnavailable`` where the question alone is refused for the same reason, such as a wrong model."""
    try:
        await send(probe(model, "", continued=False))
    except Refused as error:
        if str(error) == reason:
            raise EngineUnavailable(f"{server.url} answers no question to {model!r}: {error}; check --model") from error


def _refuse_unusable(server: Server, counts: Counts) -> bool:
    """Whether the counts show that the turn is continued. Raises ``CannotContinue`` where they show that it is not."""
    continuation = read_counts(counts)
    if continuation in UNUSABLE:
        raise CannotContinue(f"{server.url} {UNUSABLE[continuation]}")
    return continuation == "continues"


def _warn_unless(known: bool, server: Server) -> None:
    if not known:
        logger.warning(
            "%s: its token counts do not show whether it continues the assistant's turn (continue_final_message); "
            "if it does not, forced thinking means nothing",
            server.url,
        )


def _refuse_intruding(server: Server, continued: str, bare: str) -> None:
    """Raises for a prompt that has more before a continued turn than a new turn has, or a thought, open or closed.

    It may have less: where a template opens thinking itself, the continued turn does so. llama.cpp closes an empty
    thought before a continued turn when its template thinks, and does not show it in the reply.
    """
    before, turn, _ = continued.rpartition(LONG_THOUGHT)
    opened = before.rstrip().endswith(DEFAULT.opening)
    if turn and (opened or not bare.startswith(before) or not after_thinking(before).strip()):
        raise CannotContinue(f"{server.url} {UNUSABLE['intrudes']} (before the turn stands {before[-40:]!r})")


def _repeating(server: Server, probed: Probed, fields: Mapping[str, Any]) -> Prefill:
    """How to read a server that repeated the long thought in this reply to a request with ``fields``."""
    if not probed.text.startswith(LONG_THOUGHT):
        raise CannotContinue(
            f"{server.url} repeats the assistant's turn in its reply, but not as it was sent: {probed.text!r}; switch "
            "its reasoning parser off (llama.cpp: --reasoning-format none)"
        )
    if (probed.completion_tokens or 0) > MOST_NEW_TOKENS:
        raise CannotContinue(
            f"{server.url} counts the turn that it repeats as {probed.completion_tokens} new tokens; budgets cannot be "
            "kept with it, use --engine vllm"
        )
    return Prefill(repeats=True, fields=fields)


def repeats(probed: Probed, turn: str) -> bool:
    """Whether a reply of one new token holds ``turn`` or, where a reasoning parser took it apart, its thinking."""
    return turn in probed.text or MANY_WORDS in probed.text


def probe(model: str, turn: str, *, continued: bool) -> dict[str, Any]:
    """A request of one token, with an assistant's turn unless it is empty, to be continued or not."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 1,
        "temperature": 0.0,
    }
    if turn:
        body["messages"].append({"role": "assistant", "content": turn})
    if continued:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    return body


def read_counts(counts: Counts) -> Continuation:
    """What the counts show; see the text at the top."""
    bare, plain, continued = counts.bare, counts.plain, counts.continued
    if continued is None or bare is None:
        return "unknown"
    short, long = counts.short_thought, counts.long_thought
    if continued == plain == bare == short == long:
        return "drops"
    continues = plain is None or continued < plain  # plain is refused where an open turn is taken only to continue it
    if not continues and continued - bare >= EXTRA_TOKENS:
        return "restarts"
    if not continues and continued - bare > 1:
        return "unknown"
    if continued - bare >= EXTRA_TOKENS:
        return "intrudes"
    return "continues" if short is not None and long is not None and long > short else "forgets"
