"""What a kind of problem has to know. A new kind is a new file with a class like this."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Protocol

from s1m.synthetic.longvision.voice import Voice


class Task(Protocol):
    """One kind of problem. A plan is a frozen value that holds all of a problem and nothing else."""

    name: str
    family: str
    lengths: tuple[int, int]
    """Tokens of the shortest and the longest trace that problems of this kind can be made for."""

    def plan(self, rng: random.Random, tokens: int) -> Any:
        """A problem whose trace will have about so many tokens."""
        ...

    def question(self, plan: Any) -> str:
        """What is asked; it tells nothing that is to be read in the picture."""
        ...

    def size(self, plan: Any) -> tuple[int, int]:
        """Width and height of the picture in pixels, without drawing it."""
        ...

    def draw(self, plan: Any) -> bytes:
        """The picture, a PNG file."""
        ...

    def answer(self, plan: Any) -> int:
        """What the steps of the trace lead to."""
        ...

    def check(self, plan: Any) -> int:
        """The answer, found by another method than the trace's."""
        ...

    def solve(self, plan: Any, voice: Voice) -> Iterator[str]:
        """The reading of the picture and the way to the answer, paragraph by paragraph, detours included."""
        ...

    def proofs(self, plan: Any, voice: Voice) -> Iterator[str]:
        """Verifications of it, each one by another way, in the order in which they would be made."""
        ...
