"""A model that writes what a script says, for tests, documentation and dry runs; its tokens are words.

Everything an engine does to a text is done here in plain sight: stop strings, budgets, the end of the turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from s1m.errors import EngineError
from s1m.types import Completion, Problem, Sampling, Step

Script = Callable[[Problem, Step], str]
"""What the model would go on to write if nothing stopped it."""


class ScriptedEngine:
    """Continues text with what ``script`` returns, cut where the step says so."""

    name = "scripted"
    can_show_images_again = True
    takes_turns = True
    context_tokens: int | None = None

    def __init__(self, script: Script) -> None:
        self._script = script

    async def ready(self) -> None:
        """Nothing to do."""

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:  # noqa: ARG002
        """The scripted text up to the first stop string, ``max_tokens`` words or its end, whichever comes first.

        A stop string before ``min_tokens`` words is part of the text. ``tokens`` counts the words of the text alone.
        """
        return cut(self._script(problem, step), step)

    async def close(self) -> None:
        """Nothing to release."""


def replay(texts: Sequence[str]) -> ScriptedEngine:
    """An engine that writes one text after another, in the order asked; beyond the last it raises ``EngineError``."""
    left = iter(texts)

    def next_text(problem: Problem, _step: Step) -> str:
        text = next(left, None)
        if text is None:
            raise EngineError(
                f"the script has run out: {len(texts)} texts, and problem {problem.id} needs another; add it"
            )
        return text

    return ScriptedEngine(next_text)


def cut(text: str, step: Step) -> Completion:
    """What an engine that would write ``text`` produces for ``step``."""
    end, stopped = first_stop(text, step)
    words = list(re.finditer(r"\S+", text[:end]))
    if len(words) > step.max_tokens:
        end = words[step.max_tokens - 1].end()
        return Completion(text=text[:end], tokens=step.max_tokens, finish="length")
    return Completion(text=text[:end], tokens=len(words), finish="stop" if stopped else "eos")


def first_stop(text: str, step: Step) -> tuple[int, bool]:
    """Where the text is to be cut, and whether a stop string is why; its length when no stop string is late enough."""
    ends = [
        match.start()
        for stop in step.stop
        if stop
        for match in re.finditer(re.escape(stop), text)
        if len(text[: match.start()].split()) >= step.min_tokens
    ]
    return (min(ends), True) if ends else (len(text), False)
