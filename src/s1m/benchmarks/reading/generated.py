"""Problems of a benchmark without end: each is generated when it is asked for, so a limit costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from s1m.errors import UsageError
from s1m.types import Problem

MOST_PROBLEMS = 1_000_000
"""A run keeps a key for each of its problems in memory, and generates each of them once before it starts."""


class Generated(Sequence[Problem]):
    """The problems of some numbers. A slice of them is of the same kind.

    ``problem`` and ``text`` generate the problem of a number, with and without its images.
    """

    def __init__(self, numbers: range, problem: Callable[[int], Problem], text: Callable[[int], Problem]) -> None:
        """Raises ``UsageError`` for more numbers than a run can hold."""
        if numbers.stop > MOST_PROBLEMS:
            raise UsageError(
                f"--limit is too large: {numbers.stop:,}; at most {MOST_PROBLEMS:,} problems are generated"
            )
        self._numbers = numbers
        self._problem = problem
        self._text = text

    @property
    def texts(self) -> Generated:
        """The same problems without images, of which none is drawn."""
        return Generated(self._numbers, self._text, self._text)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> Generated: ...
    def __getitem__(self, index: int | slice) -> Problem | Generated:
        if isinstance(index, slice):
            return Generated(self._numbers[index], self._problem, self._text)
        return self._problem(self._numbers[index])
