"""The words that may follow a flag: numbers that a computer can count to, and paths that a system call takes.

Everything here raises ``ArgumentTypeError``, which the parser turns into one line and exit code 2.
"""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TypeVar

from s1m.errors import UsageError

Number = TypeVar("Number", int, float)

MOST_DIGITS = 40
"""Characters of a number. int() refuses thousands of digits with a message of its own, and slowly."""


def whole(text: str) -> int:
    """A whole number, as flags take one."""
    return _number(text, int, "a whole number")


def count(text: str) -> int:
    """A whole number from 1."""
    return _at_least(1, whole(text))


def count_or_zero(text: str) -> int:
    """A whole number from 0."""
    return _at_least(0, whole(text))


def real(text: str) -> float:
    """A number, neither infinite nor NaN."""
    number = _number(text, float, "a number")
    if not math.isfinite(number):
        raise ArgumentTypeError(f"expected a finite number, not {text}")
    return number


def path(text: str) -> str:
    """A text that may be a path: no NUL, not longer than a path can be, no home folder that does not exist."""
    from s1m.files.settings import check_path

    try:
        return check_path(text, "it")
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from None


def _number(text: str, kind: Callable[[str], Number], called: str) -> Number:
    if len(text) <= MOST_DIGITS and text.isascii() and "_" not in text:
        try:
            return kind(text)
        except ValueError:
            pass
    shown = text if len(text) <= MOST_DIGITS else f"{text[:MOST_DIGITS]}..."
    raise ArgumentTypeError(f"expected {called}, not {shown!r}")


def _at_least(least: int, number: int) -> int:
    from s1m.files.settings import MOST_COUNT

    if not least <= number <= MOST_COUNT:
        raise ArgumentTypeError(f"expected a whole number from {least} to {MOST_COUNT}, not {number}")
    return number
