"""What fails in the embedded engine fails alone, and the engine lives."""

from __future__ import annotations

import asyncio

import pytest

from s1m.engines.embedded import EmbeddedEngine
from s1m.errors import EngineError, EngineUnavailable, PromptTooLong
from s1m.types import Completion, Piece
from tests.engines.embedded.asking import GREEDY, PROBLEMS, THINK, ask, step


def test_a_step_that_cannot_fit_is_refused_before_it_starts(engine: EmbeddedEngine) -> None:
    with pytest.raises(PromptTooLong, match=r"has a context of \d+: lower --max-thinking-tokens"):
        ask(engine, [(PROBLEMS[0], step(max_tokens=10**6))])


def test_a_cancelled_request_leaves_and_the_others_go_on(engine: EmbeddedEngine) -> None:
    async def run() -> Completion:
        doomed = asyncio.ensure_future(engine.generate(PROBLEMS[0], step(stop=(), max_tokens=3000), GREEDY))
        await asyncio.sleep(0.05)
        doomed.cancel()
        return await engine.generate(PROBLEMS[1], step(max_tokens=5), GREEDY)

    assert asyncio.run(run()).tokens == 5


def test_closing_fails_what_is_unfinished_and_can_be_done_twice() -> None:
    async def run() -> None:
        engine = EmbeddedEngine(max_rows=2)
        waiting = asyncio.ensure_future(
            engine.generate(PROBLEMS[0], step(stop=(), max_tokens=3000, min_tokens=3000), GREEDY)
        )
        await asyncio.sleep(0.1)
        await engine.close()
        await engine.close()
        with pytest.raises(EngineUnavailable, match="closed"):
            await engine.generate(PROBLEMS[0], step(), GREEDY)
        with pytest.raises(EngineError, match="closed"):
            await waiting

    asyncio.run(run())


def test_a_forward_pass_that_fails_fails_its_rows_and_the_engine_lives(engine: EmbeddedEngine) -> None:
    def out_of_memory(*_: object) -> None:
        raise RuntimeError("out of memory")

    hook = engine.checkpoint.model.register_forward_pre_hook(out_of_memory)
    with pytest.raises(EngineError, match="the model failed on a batch: out of memory"):
        ask(engine, [(PROBLEMS[0], step()), (PROBLEMS[1], step())])
    hook.remove()
    assert ask(engine, [(PROBLEMS[0], step())])[0].finish == "stop"


def test_one_bad_turn_fails_alone(engine: EmbeddedEngine) -> None:
    bad = step((*THINK, Piece(text="<|image_pad|>")))

    async def run() -> list[Completion | BaseException]:
        asked = [engine.generate(PROBLEMS[i], bad if i == 3 else step(), GREEDY) for i in range(6)]
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = asyncio.run(run())
    assert [isinstance(outcome, EngineError) for outcome in outcomes] == [i == 3 for i in range(6)]


def test_a_loop_that_is_gone_costs_the_engine_nothing(engine: EmbeddedEngine) -> None:
    async def leave() -> None:
        left_alone = asyncio.ensure_future(engine.generate(PROBLEMS[0], step(stop=(), max_tokens=12), GREEDY))
        await asyncio.sleep(0.01)
        assert not left_alone.done()

    asyncio.run(leave())
    assert ask(engine, [(PROBLEMS[1], step())])[0].finish == "stop"
