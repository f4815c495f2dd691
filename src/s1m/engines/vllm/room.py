"""How many requests a vLLM surely has room for: as many contexts of full length as its cache holds, as it says itself.

vllm:cache_config_info{...,kv_cache_max_concurrency="112.4",...} 1.0
"""

from __future__ import annotations

import re

from s1m.engines.remote import Request, Server, Servers
from s1m.engines.remote.refusals import NotOffered, Refused
from s1m.engines.remote.retry import GaveUp

METRICS = "/metrics"
ROOM = re.compile(r'^vllm:cache_config_info\{[^\n]*\bkv_cache_max_concurrency="([0-9.]+)"', re.MULTILINE)
"""One line for each copy of the model, where the server has several (data parallel)."""


async def find_room(servers: Servers, server: Server) -> int:
    """Requests of the model's full length that fit into the server's cache; 0 where it does not say.

    That many can be sent at once, and none of them loses its place in the cache to another.
    """
    try:
        metrics = await servers.ask(Request(path=METRICS, read=_text), at=server)
    except (GaveUp, NotOffered, Refused):
        return 0  # something in front of it that does not pass its metrics on
    return int(sum(float(each) for each in ROOM.findall(metrics)))


def _text(reply: bytes) -> str:
    return reply.decode(errors="replace")
