"""What servers offer: the model that is asked, and how long its context is."""

from __future__ import annotations

from dataclasses import dataclass

from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.reply import read_models
from s1m.engines.remote.retry import GaveUp
from s1m.engines.remote.servers import Request, Servers
from s1m.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A model, by the name that the servers give it; ``context_tokens`` is None where they do not say."""

    model: str
    context_tokens: int | None


async def find_model(servers: Servers, given: str) -> Offer:
    """The given model, or the only one that all servers offer, with the shortest context that any of them has for it.

    Raises ``UsageError`` when none is given and there is not exactly one.
    """
    try:
        lists = (await servers.ask_each(Request(path="models", read=read_models))).values()
    except (GaveUp, NotOffered, Refused):
        if given:  # a gateway that lists no models may well have this one
            return Offer(model=given, context_tokens=None)
        raise
    if not given:
        shared = [model.id for model in next(iter(lists)) if all(any(o.id == model.id for o in each) for each in lists)]
        if len(shared) != 1:
            raise UsageError(f"{servers} offers {', '.join(shared) or 'no model'}; name one with --model")
        given = shared[0]
    lengths = [model.max_model_len for each in lists for model in each if model.id == given]
    return Offer(model=given, context_tokens=min((length for length in lengths if length is not None), default=None))
