"""What servers list under /models: the model to ask, and how long its context is."""

from __future__ import annotations

from collections.abc import Collection

from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import Model, read_models
from s1m.engines.remote.retry import GaveUp
from s1m.engines.remote.server import Request
from s1m.engines.remote.servers import Servers
from s1m.errors import UsageError

MOST_SHOWN = 8
"""Models that an error message lists; hosted servers have hundreds."""


async def find_model(servers: Servers) -> str:
    """The name of the only model that all servers offer. Raises ``UsageError`` when there is not exactly one."""
    try:
        listed = [{model.id for model in models} for models in await _models(servers)]
    except GaveUp as error:  # such a server may well answer questions
        raise UsageError(f"{servers} does not list its models: {error}; name one with --model") from error
    common = sorted(set.intersection(*listed))
    if len(common) != 1:
        more = f" and {len(common) - MOST_SHOWN} more" if len(common) > MOST_SHOWN else ""
        shown = ", ".join(common[:MOST_SHOWN]) or "no model"
        raise UsageError(f"{servers} offers {shown}{more}; name one with --model")
    return common[0]


async def find_context(servers: Servers, model: str) -> int | None:
    """The shortest context that any server has for a model, in tokens; None where they do not say."""
    try:
        listed = await _models(servers)
    except (GaveUp, NotOffered, Refused):
        return None  # a gateway that lists no models may well have this one
    lengths = [entry.context_tokens for models in listed for entry in models if entry.id == model]
    return min((length for length in lengths if length is not None), default=None)


async def find_root(servers: Servers, model: str) -> str | None:
    """The folder or Hub id that a server says it has loaded a model from; None where none says that."""
    try:
        listed = await _models(servers)
    except (GaveUp, NotOffered, Refused):
        return None
    roots = [entry.root for models in listed for entry in models if entry.id == model]
    return next((root for root in roots if isinstance(root, str) and root), None)


async def find_owners(servers: Servers) -> tuple[str, ...]:
    """Whose the servers' models are, as the servers say; empty where they list none."""
    try:
        listed = await _models(servers)
    except (GaveUp, NotOffered, Refused):
        return ()
    return tuple({str(entry.owned_by or "") for models in listed for entry in models})


async def _models(servers: Servers) -> Collection[list[Model]]:
    return (await servers.ask_each(Request(path="models", read=read_models))).values()
