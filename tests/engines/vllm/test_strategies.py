"""Every way of spending test-time compute through a real vLLM: an answer at every level, and nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from s1m.benchmarks import find_benchmark
from s1m.engines.vllm import VllmEngine
from s1m.forcing import Forcing, Strategy, Task, build_strategy, drive
from s1m.forcing.stopping import Rule
from s1m.forcing.strategies import STRATEGIES
from s1m.types import Problem, Sampling, Trace
from tests.engines.asking import servers

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]

PROBLEMS = find_benchmark("digits").load(split="test", limit=2, data=None)
FORCING = Forcing(
    num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=160, max_answer_tokens=8, chunk_tokens=64
)


def traces(url: str, strategy: Strategy, problems: Sequence[Problem]) -> list[Trace]:
    async def run() -> list[Trace]:
        engine = VllmEngine(servers(url))
        try:
            await engine.ready()
            flows = [(strategy.flow(Task(seed=seed)), problem) for seed, problem in enumerate(problems)]
            return await asyncio.gather(*(drive(f, p, engine, Sampling(temperature=1.0)) for f, p in flows))
        finally:
            await engine.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_every_strategy_has_an_answer_at_every_level(vllm_url: str, name: str) -> None:
    rule = Rule(kind="agree", levels=FORCING.num_ignore, agreeing=2)
    strategy = build_strategy(name, FORCING, rule=rule)
    for trace in traces(vllm_url, strategy, PROBLEMS):
        assert tuple(answer.level for answer in trace.answers) == strategy.levels
        asked = trace.samples or trace.answers
        assert all(answer.text.strip() and answer.tokens > 0 and answer.logprob is not None for answer in asked)
        assert 0 < len(trace.chains) <= strategy.most_chains
        assert all(chain and sum(s.tokens for s in chain) <= FORCING.max_thinking_tokens for chain in trace.chains)
