"""Whether a server takes token ids with images: a handshake checks it before anything relies on it.

The server renders a small question with a picture as a chat would, its image place-holders expanded. The same question
goes to the token endpoint with one place-holder for the picture. Only if the server expands that to the same ids is
the endpoint used: model families differ in how they write images, and a wrong guess would stay unnoticed. The same
request shows whether the server streams, and whether it has s1m's plugin, by asking for a stream that is forced.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from s1m.engines.chat.protocol import NO_OPTIONS
from s1m.engines.messages import conversation
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import decode, encode
from s1m.engines.vllm.chain import Plan
from s1m.engines.vllm.prompts import STAND_IN, Placeholder, collapse
from s1m.engines.vllm.protocol import (
    GENERATE,
    RENDER,
    TOKENIZE,
    Generated,
    Rendered,
    Tokens,
    generate_request,
    image_part,
)
from s1m.engines.vllm.writing import Writing
from s1m.errors import EngineError
from s1m.types import Sampling, Step

QUESTION = "What is this?"
DIGITS = "0 1 2 3 4 5 6 7 8 9 one two three four five six seven"
"""A text of at least ten different tokens, the first of them digits where the model has tokens of one digit."""


class NoTokens(EngineError):
    """The server cannot be asked with token ids; the message says why and what would help."""


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """What a server that takes token ids does: how images show in its prompts, whether it streams and forces."""

    placeholder: Placeholder | None
    """None where the model takes no images."""
    streams: bool = False
    digits: tuple[int, ...] = ()
    """With which the plugin reports; empty for a server without it."""


async def find_abilities(servers: Servers, server: Server, model: str) -> Abilities:
    """What a server can do. Raises ``NoTokens`` where it cannot be asked with token ids."""
    try:
        rendered = await _render(servers, server, model, [STAND_IN])
    except NotOffered:
        remedy = "start vLLM with --enable-scale-out; a proxy in front of it passes none on"
        raise NoTokens(f"{server.url} does not take token ids ({remedy})") from None
    except Refused:
        rendered = await _render(servers, server, model, [])
    spans = rendered.features.mm_placeholders.get("image", []) if rendered.features else []
    placeholder = None
    if spans:
        run = rendered.token_ids[spans[0].offset : spans[0].offset + spans[0].length]
        placeholder = Placeholder(run=tuple(run), single=run[0])
    ids = collapse(rendered.token_ids, placeholder)[0] if placeholder else rendered.token_ids
    try:
        digits = await _digits(servers, server, model)
        probe = await _asked(servers, server, model, ids, digits, with_image=placeholder is not None)
    except (NotOffered, Refused) as error:
        raise NoTokens(f"{server.url} refuses token ids for {model} ({error})") from error
    if probe.prompt_token_ids != rendered.token_ids:
        raise NoTokens(f"{server.url} writes the images of {model} in a way that token ids cannot express")
    forces = bool(digits) and probing(digits).was_forced(probe.ids)
    return Abilities(placeholder=placeholder, streams=probe.streamed, digits=digits if forces else ())


def probing(digits: tuple[int, ...]) -> Plan:
    """A chain that the plugin ends after one token, with a report that no model would write."""
    return Plan(close=digits[0], ignores=((digits[1],),), digits=digits, min_tokens=1, max_tokens=1)


async def _render(servers: Servers, server: Server, model: str, images: list[str]) -> Rendered:
    async def body(_server: Server) -> bytes:
        return encode({"model": model, "messages": conversation((), QUESTION, images, NO_OPTIONS), "max_tokens": 1})

    return await servers.ask(Request(path=RENDER, body=body, read=lambda reply: decode(reply, Rendered)), at=server)


async def _digits(servers: Servers, server: Server, model: str) -> tuple[int, ...]:
    async def body(_server: Server) -> bytes:
        return encode({"model": model, "prompt": DIGITS, "add_special_tokens": False})

    tokens = await servers.ask(
        Request(path=TOKENIZE, body=body, read=lambda reply: decode(reply, Tokens).tokens), at=server
    )
    different = tuple(dict.fromkeys(tokens))[:10]
    return different if len(different) == 10 else ()


async def _asked(
    servers: Servers, server: Server, model: str, ids: list[int], digits: tuple[int, ...], *, with_image: bool
) -> Writing:
    """The prompt as the server read it, place-holders expanded, and how it answered a request that is forced."""
    digest = hashlib.sha256(STAND_IN.encode()).hexdigest()
    request = generate_request(
        model=model,
        token_ids=ids,
        images=[image_part(digest, STAND_IN)] if with_image else [],
        step=Step(prefix=(), stop=(), max_tokens=8),
        sampling=Sampling(temperature=0.0),
        stop_token_ids=(),
    )
    if digits:
        request["sampling_params"]["extra_args"] = probing(digits).arguments(seed=0)
    writing = Writing(max_tokens=8)

    async def body(_server: Server) -> bytes:
        writing.begin_again()
        return encode({**request, "return_token_ids": True, "stream": True})

    def read(reply: bytes) -> None:
        if reply:
            whole = decode(reply, Generated)
            writing.prompt_token_ids = whole.prompt_token_ids
            writing.ids = list(whole.choices[0].token_ids) if whole.choices else []

    await servers.ask(Request(path=GENERATE, body=body, read=read, on_event=writing.take), at=server)
    return writing
