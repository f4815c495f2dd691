"""Pump a flow with an engine: here alone do steps become requests."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from s1m.errors import EngineError, EngineUnavailable
from s1m.files.tasks import gathered
from s1m.forcing.strategy import Part
from s1m.types import Completion, Engine, Problem, Sampling, Step

T = TypeVar("T")


async def drive(flow: Part[T], problem: Problem, engine: Engine, sampling: Sampling) -> T:
    """What the flow returns, after every step it yields has been done by the engine.

    What is yielded together runs at the same time; when one fails the others are cancelled and its error is raised.
    """
    return await pump(flow, lambda step: complete(step, problem, engine, sampling))


async def pump(flow: Part[T], do: Callable[[Step], Coroutine[Any, Any, Completion]]) -> T:
    """What the flow returns, after ``do`` has done every step that it and its parts yield; as ``drive`` otherwise."""
    try:
        asked = next(flow)
        while True:
            work = [do(each) if isinstance(each, Step) else pump(each, do) for each in asked]
            asked = flow.send([await work[0]] if len(work) == 1 else await gathered(work))
    except StopIteration as done:
        result: T = done.value
        return result


async def complete(step: Step, problem: Problem, engine: Engine, sampling: Sampling) -> Completion:
    """The engine's completion of a step. Raises ``EngineError`` for one that breaks the step's budget."""
    if step.instruction:
        problem = replace(problem, question=f"{problem.question}\n{step.instruction}")
    if any(piece.images for piece in step.prefix) and not engine.can_show_images_again:
        raise EngineUnavailable(f"{engine.name} cannot show images again within a turn; use strategy lookback instead")
    completion = await engine.generate(problem, step, sampling)
    tokens = sum(part.tokens for part in (completion, *completion.further))
    most = step.at_once.max_tokens if step.at_once else step.max_tokens
    if tokens > most:
        raise EngineError(
            f"{engine.name} reports {tokens} tokens where at most {most} were asked for; "
            "its counts cannot be trusted with a budget"
        )
    if completion.tokens == 0 and completion.finish == "length":
        raise EngineError(f"{engine.name} stopped for length without generating anything; its context is full")
    return completion
