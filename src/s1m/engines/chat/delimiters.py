"""Whether a llama.cpp server writes a delimiter that is one token of its model into the text of its replies.

Without ``--special`` it leaves control tokens out. The model would close its thinking and the server neither stop there
nor show it, so every thought would run on into the answer, to its end, and count as never closed.
"""

from __future__ import annotations

import msgspec

from s1m.engines.chat.prefill import LLAMA_CPP
from s1m.engines.chat.reply import read_probe
from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import decode, encode
from s1m.engines.remote.retry import GaveUp
from s1m.errors import EngineUnavailable

TOKENIZE = "/tokenize"
CERTAIN = 1000.0
"""Added to a token's logit, it makes every other token impossible."""


class Tokens(msgspec.Struct, frozen=True):
    """The reply of /tokenize."""

    tokens: list[int]


async def check_delimiter(servers: Servers, server: Server, model: str, delimiter: str) -> None:
    """Make the model write ``delimiter``. Raises ``EngineUnavailable`` where the reply does not show it."""

    async def tokenize(_server: Server) -> bytes:
        return encode({"content": delimiter, "add_special": False, "parse_special": True})

    request = Request(path=TOKENIZE, body=tokenize, read=lambda reply: decode(reply, Tokens).tokens)
    try:
        tokens = await servers.ask(request, at=server)
    except (GaveUp, NotOffered, Refused):
        return  # a gateway may pass on the chat endpoint alone
    if len(tokens) != 1:
        return  # spelled in several tokens it is ordinary text

    async def body(_server: Server) -> bytes:
        asked = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "temperature": 0.0}
        return encode({**asked, **LLAMA_CPP, "logit_bias": [[tokens[0], CERTAIN]]})

    probed = await servers.ask(Request(path="chat/completions", body=body, read=read_probe), at=server)
    if delimiter not in probed.text:
        raise EngineUnavailable(
            f"{server.url} leaves {delimiter} out of the text that the model writes, so no thought could end; start "
            "llama.cpp's server with --special, or use --engine llamacpp"
        )
