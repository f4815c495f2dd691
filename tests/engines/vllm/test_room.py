"""How many requests a vLLM says that its cache holds, and that a run begins with as many."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from s1m.engines.remote import Servers
from s1m.engines.remote.window import START_SLOTS
from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.room import find_room
from tests.engines.chat_server import Answer, ChatServer, Request, answer
from tests.engines.vllm.token_server import TokenServer

METRICS = """
# TYPE vllm:cache_config_info gauge
vllm:cache_config_info{block_size="16",engine="0",kv_cache_max_concurrency="61.7",num_gpu_blocks="8000"} 1.0
vllm:cache_config_info{block_size="16",engine="1",kv_cache_max_concurrency="61.7",num_gpu_blocks="8000"} 1.0
vllm:num_requests_waiting{engine="0",kv_cache_max_concurrency="9"} 3.0
"""


def slots_of(server: Any) -> int:
    """The slots that a run begins with at a server."""

    async def begin(url: str) -> int:
        servers = Servers(url)
        engine = VllmEngine(servers, "m")
        await engine.ready()
        (only,) = servers.reachable()
        await engine.close()
        return only.window.slots

    with ChatServer(server) as listening:
        return asyncio.run(begin(listening.url))


def test_a_run_begins_with_as_many_as_all_copies_of_the_model_have_room_for() -> None:
    assert slots_of(TokenServer(("look.\n",), metrics=METRICS)) == 123


def test_a_server_that_does_not_say_begins_with_few() -> None:
    def without_metrics(request: Request) -> Answer:
        return answer({"detail": "Not Found"}, 404) if request.path == "/metrics" else tokens(request)

    tokens = TokenServer(("look.\n",))
    assert slots_of(tokens) == slots_of(without_metrics) == START_SLOTS


@pytest.mark.vllm
@pytest.mark.timeout(400)
def test_a_real_vllm_says_it(vllm_url: str) -> None:
    async def says() -> int:
        servers = Servers(vllm_url)
        (server,) = servers.reachable()
        room = await find_room(servers, server)
        await servers.close()
        return room

    assert asyncio.run(says()) > START_SLOTS
