"""What servers offer: the model that is asked, and how long its context is."""

from __future__ import annotations

from collections.abc import Collection

from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import Model, read_models
from s1m.engines.remote.retry import GaveUp
from s1m.engines.remote.servers import Request, Servers
from s1m.errors import UsageError


async def find_model(servers: Servers) -> str:
    """The name of the only model that all servers offer. Raises ``UsageError`` when there is not exactly one."""
    first, *others = await _models(servers)
    shared = [model.id for model in first if all(model.id in {other.id for other in each} for each in others)]
    if len(shared) != 1:
        raise UsageError(f"{servers} offers {', '.join(shared) or 'no model'}; name one with --model")
    return shared[0]


async def find_context(servers: Servers, model: str) -> int | None:
    """The shortest context that any server has for a model, in tokens; None where they do not say."""
    try:
        offered = await _models(servers)
    except (GaveUp, NotOffered, Refused):
        return None  # a gateway that lists no models may well have this one
    lengths = [one.max_model_len for models in offered for one in models if one.id == model]
    return min((int(length) for length in lengths if length is not None), default=None)


async def _models(servers: Servers) -> Collection[list[Model]]:
    return (await servers.ask_each(Request(path="models", read=read_models))).values()
