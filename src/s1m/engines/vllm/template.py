"""The chat template of a vLLM server, read by having it render conversations: it gives ids, and their text.

Only the server is sure to have the template that its model is served with. It renders a few dozen small
conversations before a run begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import decode, encode
from s1m.engines.remote.retry import GaveUp
from s1m.engines.vllm.protocol import DETOKENIZE, TOKENIZE, Text, Tokens
from s1m.errors import DataError, PromptTooLong
from s1m.families.finding import Read
from s1m.families.reading import read_template
from s1m.families.template import Message
from s1m.types import RequestOptions


@dataclass(frozen=True)
class ServedTemplate:
    """A template that ``server`` renders. ``render`` is for another thread than that of ``loop``."""

    servers: Servers
    server: Server
    model: str
    options: RequestOptions
    loop: asyncio.AbstractEventLoop

    def render(self, messages: Sequence[Message], *, generation: bool = False, **options: Any) -> str:
        """The text of a conversation. Raises ``DataError`` when the server refuses it."""
        asked = self._rendered(messages, generation, {**self.options.template, **options})
        try:
            return asyncio.run_coroutine_threadsafe(asked, self.loop).result()
        except (Refused, PromptTooLong, GaveUp) as error:
            raise DataError(str(error)) from error

    async def _rendered(self, messages: Sequence[Message], generation: bool, options: dict[str, Any]) -> str:
        kwargs = {"chat_template_kwargs": options} if options else {}
        asked = {"messages": list(messages), "add_generation_prompt": generation, **kwargs}
        ids = (await self._ask(TOKENIZE, asked, Tokens)).tokens
        text: str = (await self._ask(DETOKENIZE, {"tokens": ids}, Text)).prompt
        return text

    async def _ask(self, path: str, what: dict[str, Any], kind: type[Any]) -> Any:
        async def body(_server: Server) -> bytes:
            return encode({"model": self.model, **what})

        request = Request(path=path, body=body, read=lambda reply: decode(reply, kind))
        return await self.servers.ask(request, at=self.server)


async def read_served_template(servers: Servers, model: str, options: RequestOptions) -> Read | None:
    """What the template of the model that the servers offer does about thinking; None where they render nothing.

    Raises ``EngineUnavailable`` where no server answers.
    """
    template = ServedTemplate(servers, servers.reachable()[0], model, options, asyncio.get_running_loop())
    try:
        reading = await asyncio.to_thread(read_template, template)
    except (DataError, NotOffered):
        return None  # no endpoint that renders, or a template that refuses a plain question
    finally:
        await servers.close()
    return Read(reading=reading, source=f"the chat template of {servers}")
