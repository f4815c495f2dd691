"""For a teacher that sees only text: a second model describes the images of each problem once.

The description goes before the question in place of the images; the teacher never gets the answer. This is the
modality bridging of Vision-R1 (W. Huang et al., arXiv 2503.06749) and R1-Onevision (Y. Yang et al., arXiv 2503.10615).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
from rich.console import Console

from s1m.data.distill.harvest import DESCRIBED_BY
from s1m.data.distill.settings import DistillSettings
from s1m.errors import EngineError, EngineUnavailable
from s1m.evaluate.build import model_of
from s1m.files.json_lines import append, open_for_append, read_lines
from s1m.files.progress import counted
from s1m.files.tasks import gathered
from s1m.forcing.flow import derive_seed
from s1m.types import Engine, Problem, Step

SHOWN = "The picture, described:\n{description}\n\n{question}"


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said of the images of a problem, and what it cost in generated tokens."""

    problem: str
    model: str
    text: str
    tokens: int


async def describe_all(
    problems: Sequence[Problem], settings: DistillSettings, path: Path, console: Console
) -> dict[str, Description]:
    """A description of every problem with images, by its id; those in the file are kept.

    A problem that fails has none, which is printed. Raises ``EngineUnavailable`` when no engine answers.
    """
    descriptions = {line.problem: line for line in read_lines(path, Description)}
    pending = [index for index, problem in enumerate(problems) if problem.id not in descriptions and problem.images]
    if not pending:
        return descriptions
    asking = settings.describer.engine_beside(settings.engine)
    asking = replace(asking, model=await model_of(asking))
    engine = asking.builder.build(asking)
    try:
        if not asking.builder.ready_checks_continuation:  # a description continues no turn
            await engine.ready()
        with open_for_append(path) as file, counted(console, "describing images", len(pending)) as advance:
            slots = asyncio.Semaphore(asking.most_in_flight)

            async def describe_one(index: int) -> None:
                async with slots:
                    problem = problems[index]
                    try:
                        description = await describe(problem, settings, engine, asking.model)
                    except EngineUnavailable:
                        raise
                    except EngineError as error:
                        console.print(f"{problem.id} is not described: {error}", markup=False)
                        return
                    append(file, description)
                    descriptions[problem.id] = description
                    advance(1)

            await gathered(describe_one(index) for index in pending)
    finally:
        await engine.close()
    return descriptions


async def describe(problem: Problem, settings: DistillSettings, engine: Engine, model: str) -> Description:
    """What the engine says of the images of a problem. Raises ``EngineError``, also for an empty reply."""
    asked = replace(problem, question=f"{settings.describer.describe_prompt}\n{problem.question}")
    step = Step(
        prefix=(),
        stop=(),
        max_tokens=settings.describer.max_description_tokens,
        min_tokens=1,
        seed=derive_seed(settings.sampling.seed, "describe", problem.id),
    )
    completion = await engine.generate(asked, step, replace(settings.sampling.for_engine(), temperature=0.0))
    if not completion.text.strip():
        raise EngineError(f"{model} said nothing of the images of {problem.id}")
    return Description(problem=problem.id, model=model, text=completion.text.strip(), tokens=completion.tokens)


def as_text(problem: Problem, descriptions: Mapping[str, Description]) -> Problem:
    """A problem without its images, their description before its question; one without images as it is."""
    if not problem.images:
        return problem
    description = descriptions[problem.id]
    question = SHOWN.format(description=description.text, question=problem.question)
    return replace(
        problem, question=question, images=(), metadata={**problem.metadata, DESCRIBED_BY: description.model}
    )
