"""What is asked: a problem, and the turns of a conversation before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What was said before a question, by whom; its images stand before its text."""

    role: Literal["system", "user", "assistant"]
    text: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One question of a benchmark, or of a conversation whose earlier ``turns`` it follows.

    ``images`` are encoded image files (PNG, JPEG, ...) exactly as the benchmark has them: s1m does not decode or
    re-encode them on the way to an engine unless the user asks for it. They stand before the question.
    """

    id: str
    question: str
    images: tuple[bytes, ...]
    gold: str
    choices: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    turns: tuple[Turn, ...] = ()

    @property
    def every_image(self) -> tuple[bytes, ...]:
        """The images of the earlier turns and of the question, in their order."""
        return (*(image for turn in self.turns for image in turn.images), *self.images)
