"""Engines that behave as a gateway's upstream may: writing at a given pace, failing in mid-stream, hanging."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from s1m.engines.scripted import cut
from s1m.errors import EngineError
from s1m.types import Completion, Problem, Sampling, Step

THOUGHT = "one two three four five six seven eight nine ten</think>"


def is_thinking(step: Step) -> bool:
    return bool(step.stop)


@dataclass
class Writer:
    """Streams words as the bundled engine streams tokens, and counts what it is doing.

    ``write`` gives what the model would write for a step; ``fault`` is raised, or hung on for ``hang``, in the
    middle of the step that it is given for.
    """

    write: Callable[[Step], str] = lambda step: THOUGHT if is_thinking(step) else "42"
    seconds_each: float = 0.0
    fault: Callable[[Step], EngineError | str | None] = lambda step: None
    binds_json: bool = False
    takes_turns: bool = True
    name: str = "writer"
    can_show_images_again: bool = False
    context_tokens: int | None = None
    under_way: int = 0
    words: int = 0
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    async def ready(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        self.steps.append(step)
        self.problems.append(problem)
        self.under_way += 1
        try:
            return await self._written(step)
        finally:
            self.under_way -= 1

    async def _written(self, step: Step) -> Completion:
        completion = cut(self.write(step), step)
        pieces = [piece for piece in completion.text.replace(" ", " \0").split("\0") if piece]
        for number, piece in enumerate(pieces):
            if self.seconds_each:
                await asyncio.sleep(self.seconds_each)
            self.words += 1
            if step.on_text is not None:
                step.on_text(piece)
            if 2 * number >= len(pieces) - 1 and (fault := self.fault(step)):
                if isinstance(fault, EngineError):
                    raise fault
                await asyncio.sleep(60)
        return completion
