"""Whether a server takes token ids with images: a handshake checks it before anything relies on it.

The server renders a small question with a picture as a chat would, its image place-holders expanded. The same question
goes to the token endpoint with one place-holder for the picture. Only if the server expands that to the same ids is
the endpoint used: model families differ in how they write images, and a wrong guess would stay unnoticed.
"""

from __future__ import annotations

import hashlib

from s1m.engines.chat.protocol import NO_OPTIONS
from s1m.engines.messages import conversation
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import decode, encode
from s1m.engines.vllm.prompts import STAND_IN, Placeholder, collapse
from s1m.engines.vllm.protocol import GENERATE, RENDER, Generated, Rendered, generate_request, image_part
from s1m.errors import EngineError
from s1m.types import Sampling, Step

QUESTION = "What is this?"


class NoTokens(EngineError):
    """The server cannot be asked with token ids; the message says why and what would help."""


async def find_placeholder(servers: Servers, server: Server, model: str) -> Placeholder | None:
    """How images show in the prompts of a server that takes token ids; None where the model takes no images.

    Raises ``NoTokens``.
    """
    try:
        rendered = await _render(servers, server, model, [STAND_IN])
    except NotOffered:
        raise NoTokens(f"{server.url} does not take token ids (start vLLM with --enable-scale-out)") from None
    except Refused:
        rendered = await _render(servers, server, model, [])
    spans = rendered.features.mm_placeholders.get("image", []) if rendered.features else []
    placeholder = None
    if spans:
        run = rendered.token_ids[spans[0].offset : spans[0].offset + spans[0].length]
        placeholder = Placeholder(run=tuple(run), single=run[0])
    ids = collapse(rendered.token_ids, placeholder)[0] if placeholder else rendered.token_ids
    try:
        read = await _prompt_read(servers, server, model, ids, with_image=placeholder is not None)
    except (NotOffered, Refused) as error:
        raise NoTokens(f"{server.url} refuses token ids for {model} ({error})") from error
    if read != rendered.token_ids:
        raise NoTokens(f"{server.url} writes the images of {model} in a way that token ids cannot express")
    return placeholder


async def _render(servers: Servers, server: Server, model: str, images: list[str]) -> Rendered:
    async def body(_server: Server) -> bytes:
        return encode({"model": model, "messages": conversation((), QUESTION, images, NO_OPTIONS), "max_tokens": 1})

    return await servers.ask(Request(path=RENDER, body=body, read=lambda reply: decode(reply, Rendered)), at=server)


async def _prompt_read(
    servers: Servers, server: Server, model: str, ids: list[int], *, with_image: bool
) -> list[int] | None:
    """The prompt as the server read it, place-holders expanded."""
    digest = hashlib.sha256(STAND_IN.encode()).hexdigest()
    request = generate_request(
        model=model,
        token_ids=ids,
        images=[image_part(digest, STAND_IN)] if with_image else [],
        step=Step(prefix=(), stop=(), max_tokens=1),
        sampling=Sampling(temperature=0.0),
        stop_token_ids=(),
    )

    async def body(_server: Server) -> bytes:
        return encode({**request, "return_token_ids": True})

    generated = await servers.ask(
        Request(path=GENERATE, body=body, read=lambda reply: decode(reply, Generated)), at=server
    )
    return generated.prompt_token_ids
