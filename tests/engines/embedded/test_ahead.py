"""Launching a round before the last one's tokens are looked at, as on a GPU, changes no token."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from s1m.benchmarks.digits import Digits
from s1m.engines.embedded import EmbeddedEngine, engine
from s1m.engines.embedded.batcher import Batcher
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Completion, Piece, Sampling, Step, Trace

FORCING = Forcing(num_ignore=(0, 1, 3), ignore_strings=("Wait,",), max_thinking_tokens=300, max_answer_tokens=16)
PROBLEMS = Digits().load(split="test", limit=10, data=None)


def opened(monkeypatch: pytest.MonkeyPatch, *, ahead: bool) -> EmbeddedEngine:
    monkeypatch.setattr(engine, "Batcher", partial(Batcher, ahead=ahead))
    return EmbeddedEngine(max_rows=6)


async def swept(used: EmbeddedEngine, sampling: Sampling) -> list[Trace]:
    flows = [(problem, nested_sweep(FORCING, seed)) for seed, problem in enumerate(PROBLEMS)]
    traces = await asyncio.gather(*(drive(flow, problem, used, sampling) for problem, flow in flows))
    await used.close()
    return [trace.without_token_ids() for trace in traces]


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_sweeps_are_the_same(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling = Sampling(temperature=temperature)
    behind = asyncio.run(swept(opened(monkeypatch, ahead=False), sampling))
    ahead = asyncio.run(swept(opened(monkeypatch, ahead=True), sampling))
    for late, early in zip(behind, ahead, strict=True):
        assert [[s.text for s in chain] for chain in late.chains] == [[s.text for s in chain] for chain in early.chains]
        assert [(a.text, a.tokens) for a in late.answers] == [(a.text, a.tokens) for a in early.answers]


STEPS = {
    "capped": Step(prefix=(Piece(text="<think>\n"),), stop=(), max_tokens=20, min_tokens=20),
    "one token": Step(prefix=(Piece(text="<think>\n"),), stop=(), max_tokens=1),
    "stop text": Step(prefix=(Piece(text="<think>\n"),), stop=("sum",), max_tokens=80),
    "choices": Step(prefix=(Piece(text="<think>\n</think>\n"),), stop=(), max_tokens=9, choices=("12", "123", "9")),
}


@pytest.mark.parametrize("penalty", [1.0, 1.3])
def test_steps_of_every_kind_are_the_same_in_one_batch(penalty: float, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling = Sampling(temperature=0.9, repetition_penalty=penalty)

    async def asked(used: EmbeddedEngine) -> list[Completion]:
        work = (used.generate(problem, step, sampling) for problem in PROBLEMS[:4] for step in STEPS.values())
        done = await asyncio.gather(*work)
        await used.close()
        return done

    behind = asyncio.run(asked(opened(monkeypatch, ahead=False)))
    ahead = asyncio.run(asked(opened(monkeypatch, ahead=True)))
    assert [(c.text, c.finish, c.token_ids) for c in ahead] == [(c.text, c.finish, c.token_ids) for c in behind]
    assert [c.logprob for c in ahead] == pytest.approx([c.logprob for c in behind], abs=1e-4)
