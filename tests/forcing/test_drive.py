"""Pumping a flow with an engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from s1m.errors import EngineError
from s1m.forcing import Forcing, drive, nested_sweep
from s1m.types import Completion, Problem, Sampling, Step, Trace

PROBLEM = Problem(id="p", question="How many?", images=(), gold="7")
FORCING = Forcing(num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=50, max_answer_tokens=5)
GREEDY = Sampling(temperature=0)


class Thinker:
    """Thinks three words, answers 7, and notes how many answers were in its hands at once."""

    name = "thinker"
    can_show_images_again = False
    context_tokens: int | None = None

    def __init__(self, *, fail_answer: int | None = None, tokens: int | None = None, finish: str = "stop") -> None:
        self.fail_answer, self.tokens, self.finish = fail_answer, tokens, finish
        self.at_once = self.most_at_once = self.answers = self.cancelled = 0

    async def ready(self) -> None:
        """Always is."""

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        if step.stop:
            tokens = 3 if self.tokens is None else self.tokens
            return Completion(text="one two three", tokens=tokens, finish=self.finish)  # type: ignore[arg-type]
        self.answers += 1
        number = self.answers
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0.01)
            if number == self.fail_answer:
                raise EngineError("the server is gone")
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_once -= 1
        return Completion(text="7", tokens=1, finish="eos")

    async def close(self) -> None:
        """Nothing to give back."""


def test_the_answers_run_at_the_same_time() -> None:
    engine = Thinker()
    trace = asyncio.run(drive(nested_sweep(FORCING, 0), PROBLEM, engine, GREEDY))
    assert [answer.text for answer in trace.answers] == ["7", "7", "7"]
    assert engine.most_at_once == 3


def test_one_failed_step_cancels_the_others_and_is_raised() -> None:
    engine = Thinker(fail_answer=2)

    async def run() -> None:
        with pytest.raises(EngineError, match="the server is gone"):
            await drive(nested_sweep(FORCING, 0), PROBLEM, engine, GREEDY)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert engine.cancelled == 2


@pytest.mark.parametrize("late", ["answers", "thinking"])
def test_a_chain_does_not_wait_for_its_answers_nor_do_they_for_it(late: str) -> None:
    last_thought, all_answered = asyncio.Event(), asyncio.Event()

    class Uneven(Thinker):
        async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
            purpose = step.purpose
            assert purpose is not None
            if purpose.level is None and len(purpose.finished) == 2:
                last_thought.set()
                await (all_answered.wait() if late == "thinking" else asyncio.sleep(0))
            elif purpose.level in (0, 1) and late == "answers":
                await last_thought.wait()
            elif purpose.level == 1:
                all_answered.set()
            return Completion(text="one two" if step.stop else "7", tokens=2, finish="stop")

    async def run() -> Trace:
        async with asyncio.timeout(60):
            return await drive(nested_sweep(FORCING, 0), PROBLEM, Uneven(), GREEDY)

    trace = asyncio.run(run())
    assert [len(trace.chains[0]), *(answer.segments for answer in trace.answers)] == [3, 1, 2, 3]


def test_an_engine_that_overspends_is_not_believed() -> None:
    with pytest.raises(EngineError, match="51 tokens where at most 50"):
        asyncio.run(drive(nested_sweep(FORCING, 0), PROBLEM, Thinker(tokens=51), GREEDY))


def test_an_engine_that_makes_no_progress_is_an_error_not_an_endless_loop() -> None:
    with pytest.raises(EngineError, match="without generating anything"):
        asyncio.run(drive(nested_sweep(FORCING, 0), PROBLEM, Thinker(tokens=0, finish="length"), GREEDY))


class Forcer(Thinker):
    """Ignores stops itself, and writes every segment in one go, each of ``tokens`` tokens."""

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        if step.at_once is None:
            return await super().generate(problem, step, sampling)
        self.answers += 1
        part = await super().generate(problem, step, sampling)
        return replace(part, further=(part,) * len(step.at_once.ignore_strings))


def test_an_engine_may_ignore_the_stops_of_a_chain_itself() -> None:
    inside, outside = Forcer(), Thinker()
    forced = asyncio.run(drive(nested_sweep(FORCING, 0), PROBLEM, inside, GREEDY))
    assert forced == asyncio.run(drive(nested_sweep(FORCING, 0), PROBLEM, outside, GREEDY))
    assert [segment.injected for segment in forced.chains[0]] == ["", "Wait,", "Wait,"]
    assert inside.answers == 1 + outside.answers


def test_a_chain_may_not_take_more_than_is_left_of_the_budget() -> None:
    with pytest.raises(EngineError, match="reports 60 tokens where at most 50 were asked for"):
        asyncio.run(drive(nested_sweep(FORCING, 0), PROBLEM, Forcer(tokens=20), GREEDY))
