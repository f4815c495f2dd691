"""The chat template of a llama.cpp server, which shows it among its properties."""

from __future__ import annotations

import msgspec

from s1m.engines.llamacpp.protocol import PROPS
from s1m.engines.remote import Request, Servers
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import decode
from s1m.engines.remote.retry import GaveUp
from s1m.errors import DataError
from s1m.families.finding import Read
from s1m.families.reading import read_template
from s1m.families.template import ChatTemplate
from s1m.types import RequestOptions


class Shown(msgspec.Struct, frozen=True):
    """The part of /props that a template needs."""

    chat_template: str = ""
    bos_token: str = ""
    eos_token: str = ""


async def read_served_template(servers: Servers, options: RequestOptions) -> Read | None:
    """What the template of the first reachable server does about thinking; None where it shows none.

    Raises ``EngineUnavailable`` where no server answers.
    """
    try:
        request = Request(path=PROPS, read=lambda reply: decode(reply, Shown))
        shown = await servers.ask(request, at=servers.reachable()[0])
        template = ChatTemplate(shown.chat_template, shown.bos_token, shown.eos_token, options.template)
        return Read(reading=read_template(template), source=f"the chat template of {servers}")
    except (DataError, NotOffered, Refused, GaveUp):
        return None
    finally:
        await servers.close()
