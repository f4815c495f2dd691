"""Prompts: made in a thread of their own, once for all chains of a problem, and remembered within a memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
import torch

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded import engine as engine_module
from s1m.engines.embedded.prompt import Prompt, prepare
from s1m.engines.embedded.prompts import Prompts
from s1m.errors import EngineUnavailable
from s1m.types import Problem
from tests.engines.embedded.asking import GREEDY, PROBLEMS, step

SECONDS = 20.0
"""After which a thread stops waiting for what never comes, so that a test fails and does not hang."""
PROMPT = Prompt(ids=(1, 2), shown=(), positions=torch.zeros((3, 1000), dtype=torch.int64), shift=0)


class Maker:
    """Makes prompts when it may, and counts them by problem."""

    def __init__(self, *, waits: bool = False) -> None:
        self.made: Counter[str] = Counter()
        self.begun, self.allowed = Event(), Event()
        if not waits:
            self.allowed.set()

    def __call__(self, problem: Problem, *_: Any) -> Prompt:
        self.made[problem.id] += 1
        self.begun.set()
        assert self.allowed.wait(SECONDS), "the event loop stood still"
        return PROMPT


def problem(number: int) -> Problem:
    return Problem(id=str(number), question=str(number), images=(), gold="")


def test_the_event_loop_goes_on_while_an_image_is_prepared(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = Maker(waits=True)

    def slowly(*given: Any) -> Prompt:
        maker(given[0])
        return prepare(*given)

    async def go() -> None:
        asking = asyncio.create_task(engine.generate(asked, step(max_tokens=1), GREEDY))
        while not maker.begun.is_set():
            await asyncio.sleep(0)
        maker.allowed.set()
        assert (await asking).tokens == 1

    asked = replace(PROBLEMS[0], question="An image that nothing knows")
    monkeypatch.setattr(engine_module, "prepare", slowly)
    asyncio.run(go())


def test_an_engine_that_is_closed_meanwhile_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = Maker(waits=True)
    monkeypatch.setattr(engine_module, "prepare", maker)

    async def go() -> None:
        engine = EmbeddedEngine(max_rows=1)
        asking = asyncio.create_task(engine.generate(PROBLEMS[0], step(), GREEDY))
        while not maker.begun.is_set():
            await asyncio.sleep(0)
        await engine.close()
        maker.allowed.set()
        with pytest.raises(EngineUnavailable, match="the engine was closed"):
            await asyncio.wait_for(asking, SECONDS)

    asyncio.run(go())


def test_chains_that_begin_together_get_one_prompt_and_one_that_was_cancelled_is_not_made() -> None:
    maker = Maker(waits=True)
    prompts = Prompts(maker, least=4)

    async def go() -> None:
        chains = [asyncio.create_task(prompts.of(problem(0))) for _ in range(5)]
        left = asyncio.create_task(prompts.of(problem(1)))
        while not maker.begun.is_set():
            await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        maker.allowed.set()
        assert await asyncio.gather(*chains) == [PROMPT] * 5
        await prompts.of(problem(2))

    asyncio.run(go())
    prompts.close()
    assert maker.made == {"0": 1, "2": 1}


@pytest.mark.parametrize(("most_bytes", "made_again"), [(1 << 20, 0), (1, 3)])
def test_more_than_the_least_are_remembered_while_they_fit(most_bytes: int, made_again: int) -> None:
    maker = Maker()
    prompts = Prompts(maker, least=2, most_bytes=most_bytes)
    for _ in range(2):
        for number in range(3):
            prompts.now(problem(number))
    assert sum(maker.made.values()) == 3 + made_again
    prompts.now(problem(2))
    prompts.now(problem(1))
    assert sum(maker.made.values()) == 3 + made_again  # the two used last, whatever the memory
