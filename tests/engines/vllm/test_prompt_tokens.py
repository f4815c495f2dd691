"""What a problem read, as the token endpoint counts it, or as it follows from what was sent."""

from __future__ import annotations

import asyncio

import pytest

from s1m.engines.vllm import VllmEngine
from s1m.engines.vllm.prompts import Prompt
from s1m.evaluate.metering import MeteredEngine
from s1m.forcing import Forcing, drive, nested_sweep
from tests.engines.asking import GREEDY, problem, servers
from tests.engines.chat_server import ChatServer
from tests.engines.vllm.token_server import WIDER, TokenServer

FORCING = Forcing(num_ignore=(0, 1), ignore_strings=("Wait,",), max_thinking_tokens=90, max_answer_tokens=8)


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize(("streams", "plugin"), [(True, True), (True, False), (False, False)])
def test_every_request_says_what_it_read(streams: bool, plugin: bool, counts: bool) -> None:
    server = TokenServer(("I look at it.\n",), streams=streams, plugin=plugin, counts=counts)

    async def go(url: str) -> MeteredEngine:
        engine = VllmEngine(servers(url), "m")
        metered = MeteredEngine(engine)
        try:
            await engine.ready()
            await drive(nested_sweep(FORCING, 0), problem(), metered, GREEDY)
        finally:
            await engine.close()
        return metered

    with ChatServer(server) as listening:
        metered = asyncio.run(go(listening.url))
    sent = [len(body["token_ids"]) + WIDER * counts for body in server.generated]
    assert metered.usage.prompt_tokens == sum(sent)
    assert metered.first_prompt_tokens == sent[0]


def test_images_are_counted_once_a_reply_has_told_how_many_tokens_they_are() -> None:
    prompt = Prompt(token_ids=(1, 9, 2), images=("hash",))
    assert prompt.tokens_of(5, 1, None) is None
    assert prompt.tokens_of(5, 1, 68) == 68
    assert prompt.tokens_of(9, 1, None) == 72
    assert prompt.tokens_of(12, 2, None) == 12 + 2 * 63
    assert Prompt(token_ids=(1, 2), images=()).tokens_of(5, 1, None) == 5
