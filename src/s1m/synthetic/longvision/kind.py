"""The protocol that a kind of problem implements. A new kind is a new folder with a class like this."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Protocol

from s1m.synthetic.voice import Voice


class ProblemKind(Protocol):
    """One kind of problem. A plan is a frozen value that holds everything about a problem and nothing else."""

    name: str
    family: str
    lengths: tuple[int, int]
    """Tokens of the shortest and the longest trace for which this kind can make a problem."""

    def plan(self, rng: random.Random, tokens: int) -> Any:
        """A problem whose trace will have about ``tokens`` tokens."""
        ...

    def question(self, plan: Any) -> str:
        """The question's text. It gives away nothing that has to be read from the picture."""
        ...

    def size(self, plan: Any) -> tuple[int, int]:
        """Width and height of the picture in pixels, without drawing it."""
        ...

    def draw(self, plan: Any) -> bytes:
        """The picture, a PNG file."""
        ...

    def answer(self, plan: Any) -> int:
        """The result of the trace's steps."""
        ...

    def check(self, plan: Any) -> int:
        """The answer by another method than the trace's."""
        ...

    def solve(self, plan: Any, voice: Voice) -> Iterator[str]:
        """The reading of the picture and the way to the answer, paragraph by paragraph, detours included."""
        ...

    def proofs(self, plan: Any, voice: Voice) -> Iterator[str]:
        """Verifications of the answer, each by another method, in the order in which a trace uses them."""
        ...
