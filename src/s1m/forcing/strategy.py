"""What a strategy is: a way of spending test-time compute on one problem, at rising levels of one axis."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from s1m.types import Step, Trace

T = TypeVar("T")
U = TypeVar("U")
Part = Generator[tuple[Step | Generator[Any, Any, Any], ...], Sequence[Any], T]
"""A conversation: it yields steps, is sent their completions, and returns a T.

It may also yield other parts, which go on at the same time, each at its own pace, and is sent what they return.
"""
Flow = Part[Trace]


def whole_text(text: str) -> str | None:
    """What an answer commits to where nothing is known of the benchmark: its text."""
    return text.strip() or None


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a strategy may know of a problem: nothing of its question, and nothing of its gold answer.

    ``read`` gives what an answer's text commits to, None for nothing; ``choices`` are the letters of a choice.
    """

    seed: int
    read: Callable[[str], str | None] = whole_text
    choices: tuple[str, ...] = ()

    def reseeded(self, seed: int) -> Task:
        """The same with another seed."""
        return replace(self, seed=seed)


class Strategy(Protocol):
    """A way of thinking longer, or more often. ``s1m.forcing.base.BaseStrategy`` has what all share."""

    @property
    def axis(self) -> str:
        """What the levels count, in words."""
        ...

    @property
    def levels(self) -> tuple[int, ...]:
        """Rising; the trace of every problem has an answer at each."""
        ...

    @property
    def most_chains(self) -> int:
        """Chains of thought that a problem may cost."""
        ...

    @property
    def most_answers(self) -> int:
        """Answers that a problem may be asked for."""
        ...

    @property
    def most_tokens(self) -> int:
        """Tokens that a problem may cost."""
        ...

    def flow(self, task: Task) -> Flow:
        """The conversation about one problem."""
        ...


def together(parts: Sequence[Part[T]]) -> Part[list[T]]:
    """Several conversations at the same time: what each returns, in order."""
    return list((yield tuple(parts)))


def both(one: Part[T], other: Part[U]) -> Part[tuple[T, U]]:
    """Two conversations at the same time: what each returns."""
    first, second = yield one, other
    return first, second
