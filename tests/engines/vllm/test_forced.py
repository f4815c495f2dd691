"""The plugin in a real vLLM: exact token by token, for s1m's own runs and for any OpenAI client."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from s1m.benchmarks import find_benchmark
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.remote.images import data_urls
from s1m.engines.vllm import VllmEngine
from s1m.forcing import Forcing, drive, follow, nested_sweep
from s1m.forcing.events import Finished
from s1m.types import Engine, Sampling, Trace
from tests.engines.asking import GREEDY, servers
from tests.vllm_server import ask

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]

PROBLEMS = find_benchmark("digits").load(split="test", limit=12, data=None)
FORCING = Forcing(num_ignore=(0, 1, 3), ignore_strings=("Wait,",), max_thinking_tokens=512, max_answer_tokens=16)


def traces(engine: Engine, forcing: Forcing = FORCING, sampling: Sampling = GREEDY) -> list[Trace]:
    async def go() -> list[Trace]:
        try:
            await engine.ready()
            flows = (nested_sweep(forcing, seed) for seed in range(len(PROBLEMS)))
            done = await asyncio.gather(
                *(drive(flow, problem, engine, sampling) for flow, problem in zip(flows, PROBLEMS, strict=True))
            )
        finally:
            await engine.close()
        return [replace(t, answers=tuple(replace(a, logprob=None) for a in t.answers)) for t in done]

    return asyncio.run(go())


def test_a_chain_inside_the_server_is_that_of_the_embedded_engine(vllm_url: str) -> None:
    served = VllmEngine(servers(vllm_url))
    assert traces(served) == traces(EmbeddedEngine("bundled"))
    assert served.how == "thinking is forced inside the server: a chain is one request"
    assert asyncio.run(requests_of(vllm_url)) == 1 + len(FORCING.num_ignore)


async def requests_of(url: str) -> int:
    """How many requests to generate one problem takes."""
    engine = VllmEngine(servers(url))
    await engine.ready()
    asked = 0
    ask_servers = engine._servers.ask

    async def counting(request: Any, **given: Any) -> Any:
        nonlocal asked
        asked += request.path.endswith("/generate")
        return await ask_servers(request, **given)

    engine._servers.ask = counting  # type: ignore[method-assign]
    try:
        await drive(nested_sweep(FORCING, 0), PROBLEMS[0], engine, GREEDY)
    finally:
        await engine.close()
    return asked


def test_sampled_chains_have_all_their_segments_and_keep_their_budget(vllm_url: str) -> None:
    tight = replace(FORCING, max_thinking_tokens=70, min_thinking_tokens=40)
    sampling = Sampling(temperature=1.0, top_p=0.95, top_k=40, min_p=0.01, repetition_penalty=1.05)
    drawn = traces(VllmEngine(servers(vllm_url)), tight, sampling)
    assert drawn == traces(VllmEngine(servers(vllm_url)), tight, sampling)  # the seeds decide, not the batch
    for trace in drawn:
        assert sum(segment.tokens for segment in trace.chains[0]) <= 70
        assert trace.chains[0][0].tokens >= 40
    assert {segment.stop for trace in drawn for segment in trace.chains[0]} >= {"capped"}


@pytest.mark.parametrize("top_p", [0.95, 1.0])
def test_sampled_segments_are_the_same_in_a_chain_and_each_in_a_stream(vllm_url: str, top_p: float) -> None:
    sampling = Sampling(temperature=1.0, top_p=top_p)
    tight = replace(FORCING, max_thinking_tokens=120, min_thinking_tokens=40)

    async def listened() -> list[Trace]:
        engine = VllmEngine(servers(vllm_url))
        try:
            await engine.ready()
            return await asyncio.gather(*(last_of(engine, seed) for seed in range(len(PROBLEMS))))
        finally:
            await engine.close()

    async def last_of(engine: Engine, seed: int) -> Trace:
        events = [event async for event in follow(nested_sweep(tight, seed), PROBLEMS[seed], engine, sampling)]
        assert isinstance(events[-1], Finished)
        return events[-1].trace

    streamed = asyncio.run(listened())
    chains = traces(VllmEngine(servers(vllm_url)), tight, sampling)
    assert [trace.chains for trace in streamed] == [trace.chains for trace in chains]
    assert max(len(trace.chains[0]) for trace in chains) > 1


def test_any_client_can_ask_for_it(vllm_url: str) -> None:
    (url,) = data_urls(PROBLEMS[0].images)
    picture = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": PROBLEMS[0].question}]
    turns = [{"role": "user", "content": picture}, {"role": "assistant", "content": "<think>\n"}]
    chat = {
        "messages": turns,
        "continue_final_message": True,
        "add_generation_prompt": False,
        "temperature": 0,
        "max_tokens": 400,
        "skip_special_tokens": False,
    }

    def said(**xargs: Any) -> str:
        reply = ask(f"{vllm_url}/chat/completions", {**chat, "vllm_xargs": xargs} if xargs else chat)
        assert reply.status == 200, reply.text
        return str(reply.json()["choices"][0]["message"]["content"])

    plain, twice = said(), said(num_ignore=2)
    assert (plain.count("Wait,"), twice.count("Wait,")) == (0, 2)
    assert plain.count("</think>") == twice.count("</think>") == 1
    first = plain.partition("</think>")[0]
    assert twice.startswith(f"{first}Wait,")
    assert said(max_thinking_tokens=5).partition("</think>")[0] in first
    assert said(num_ignore=1, ignore_strings=["Let me look again.", "x"]).count("Let me look again.") == 1


def test_impossible_requests_are_refused(vllm_url: str) -> None:
    chat = {"messages": [{"role": "user", "content": "hi"}], "vllm_xargs": {"num_ignore": -1}}
    reply = ask(f"{vllm_url}/chat/completions", chat)
    assert reply.status == 400
    assert "num_ignore must be a whole number from 0" in reply.text
