"""Pump a flow with an engine: here alone do steps become requests."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TypeVar

from s1m.errors import EngineError, EngineUnavailable
from s1m.files.tasks import gathered
from s1m.types import Completion, Engine, Problem, Sampling, Step

T = TypeVar("T")


async def drive(
    flow: Generator[tuple[Step, ...], Sequence[Completion], T], problem: Problem, engine: Engine, sampling: Sampling
) -> T:
    """What the flow returns, after every step it yields has been done by the engine.

    Steps yielded together run at the same time; when one fails the others are cancelled and its error is raised.
    """
    try:
        steps = next(flow)
        while True:
            steps = flow.send(await _complete_all(steps, problem, engine, sampling))
    except StopIteration as done:
        result: T = done.value
        return result


async def _complete_all(
    steps: tuple[Step, ...], problem: Problem, engine: Engine, sampling: Sampling
) -> list[Completion]:
    if len(steps) == 1:
        return [await _complete(steps[0], problem, engine, sampling)]
    return await gathered(_complete(step, problem, engine, sampling) for step in steps)


async def _complete(step: Step, problem: Problem, engine: Engine, sampling: Sampling) -> Completion:
    if step.instruction:
        problem = replace(problem, question=f"{problem.question}\n{step.instruction}")
    if any(piece.images for piece in step.prefix) and not engine.can_show_images_again:
        raise EngineUnavailable(f"{engine.name} cannot show images again within a turn; use strategy lookback instead")
    completion = await engine.generate(problem, step, sampling)
    if completion.tokens > step.max_tokens:
        raise EngineError(
            f"{engine.name} reports {completion.tokens} tokens where at most {step.max_tokens} were asked for; "
            "its counts cannot be trusted with a budget"
        )
    if completion.tokens == 0 and completion.finish == "length":
        raise EngineError(f"{engine.name} stopped for length without generating anything; its context is full")
    return completion
