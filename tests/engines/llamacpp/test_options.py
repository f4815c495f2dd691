"""Options of requests reach llama.cpp's server: none is dropped on the way."""

from __future__ import annotations

import asyncio

from s1m.engines.llamacpp import LlamaCppEngine
from s1m.types import RequestOptions, Sampling
from tests.engines.asking import problem, servers, step
from tests.engines.chat_server import ChatServer
from tests.engines.llamacpp.test_engine import native


def test_sampling_template_options_and_a_system_prompt_are_sent() -> None:
    sampling = Sampling(temperature=1.0, top_k=20, min_p=0.1, presence_penalty=1.5)
    options = RequestOptions(template={"enable_thinking": True}, system_prompt="Count.")

    async def go(url: str) -> None:
        engine = LlamaCppEngine(servers(url), "m", options=options)
        try:
            await engine.generate(problem(), step("<think>\n"), sampling)
        finally:
            await engine.close()

    with ChatServer(native(lambda _turn: "four")) as server:
        asyncio.run(go(server.url))
        (rendered,) = [each.body for each in server.requests if each.path.endswith("/apply-template")]
        (asked,) = [each.body for each in server.requests if each.path.endswith("/completion")]
    assert rendered["messages"][0] == {"role": "system", "content": "Count."}
    assert rendered["chat_template_kwargs"] == {"enable_thinking": True}
    assert (asked["top_k"], asked["min_p"], asked["presence_penalty"]) == (20, 0.1, 1.5)
