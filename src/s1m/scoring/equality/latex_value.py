r"""Decide what a formula is worth: LaTeX or plain arithmetic becomes a number, everything else nothing.

value_of(r"\frac{3\sqrt{2}}{2}")     2.1213...
value_of("1:3")                     Fraction(1, 3): exact as long as it is rational
value_of("2x+1")                     None: a letter has no value
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction

from s1m.scoring.equality.match import same_list, same_number, same_text

MOST_CHARACTERS = 300
"""A longer text is no formula."""
DEEPEST = 30
"""Brackets within brackets."""
MOST_BITS = 100_000
"""A power may have so many."""

Value = Fraction | float

_TOKEN = re.compile(r"\s*(\d+(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+\.?|\\[a-zA-Z]+|\\.|\*\*|[a-z]+|\S)", re.IGNORECASE)
_SPACES = re.compile(r"\\(?:left|right|displaystyle|[,;:! ])|[$~]")
_CONSTANTS = {r"\pi": math.pi, "pi": math.pi, "π": math.pi, "e": math.e}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "ln": math.log,
    "log": math.log10,
}
_CLOSES = {"(": ")", "{": "}", "[": "]"}


def value_of(text: str) -> Value | None:
    """The number that a formula is; None where it is none."""
    if len(text) > MOST_CHARACTERS:
        return None
    tokens = _TOKEN.findall(
        _SPACES.sub(" ", text).replace("dfrac", "frac").replace("tfrac", "frac").replace("\u2212", "-")
    )
    reader = _Reader(tokens)
    try:
        value = reader.sum()
        return value if not reader.rest and math.isfinite(value) else None
    except (_NoNumber, ArithmeticError, ValueError):
        return None


def same_value(prediction: str, gold: str) -> bool:
    """Whether two answers are the same number, list or text."""
    if same_number(prediction, gold) or same_list(prediction, gold) or same_text(prediction, gold):
        return True
    ours, theirs = value_of(prediction), value_of(gold)
    return ours is not None and theirs is not None and math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)


class _NoNumber(Exception):
    """The text is no formula without letters."""


class _Reader:
    """Reads tokens from the left; each method takes the longest stretch that is what its name says."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens[::-1]
        self.depth = 0

    def _peek(self) -> str:
        return self.rest[-1] if self.rest else ""

    def _take(self, *wanted: str) -> str:
        return self.rest.pop() if self.rest and self.rest[-1] in wanted else ""

    def sum(self) -> Value:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _NoNumber
        value = self._product()
        while sign := self._take("+", "-"):
            value = value + self._product() if sign == "+" else value - self._product()
        self.depth -= 1
        return value

    def _product(self) -> Value:
        value = self._signed()
        while True:
            if self._take("*", r"\cdot", r"\times", "\u00d7", "·"):
                value *= self._signed()
            elif self._take("/", ":", r"\div", "÷"):
                value /= self._signed()
            elif self._begins_factor():
                value *= self._power()
            else:
                return value

    def _begins_factor(self) -> bool:
        token = self._peek()
        named = token.lstrip("\\") in _FUNCTIONS or token in _CONSTANTS or token in ("√", r"\frac")
        return named or token in ("(", "{") or token[:1].isdigit()

    def _signed(self) -> Value:
        if self._take("-"):
            return -self._signed()
        self._take("+")
        return self._power()

    def _power(self) -> Value:
        base = self._factor()
        while True:
            if self._take("!"):
                base = _factorial(base)
            elif self._take("%", r"\%"):
                base /= 100
            elif self._take("^", "**"):
                base = _raised(base, self._signed())
            else:
                return base

    def _factor(self) -> Value:
        token = self.rest.pop() if self.rest else ""
        if token[:1].isdigit() or token[:1] == ".":
            return Fraction(token.replace(",", "").rstrip("."))
        if token in _CONSTANTS:
            return _CONSTANTS[token]
        if token in _CLOSES:
            value = self.sum()
            if not self._take(_CLOSES[token]):
                raise _NoNumber
            return value
        if token == r"\frac":
            above = self._argument()
            return above / self._argument()
        if token == r"\boxed":
            return self._argument()
        return self._applied("sqrt" if token == "√" else token.lstrip("\\"))

    def _applied(self, name: str) -> Value:
        if name not in _FUNCTIONS:
            raise _NoNumber
        if name == "sqrt" and self._peek() == "[":
            degree = self._factor()
            return _raised(self._argument(), 1 / degree)
        return _FUNCTIONS[name](float(self._argument()))

    def _argument(self) -> Value:
        r"""What a command is about: a bracket, or one digit as in \frac12."""
        token = self._peek()
        if token.isdigit() and len(token) > 1:
            self.rest[-1] = token[1:]
            return Fraction(token[0])
        return self._factor()


def _factorial(base: Value) -> Value:
    if base != int(base) or not 0 <= base < 100:
        raise _NoNumber
    return Fraction(math.factorial(int(base)))


def _raised(base: Value, exponent: Value) -> Value:
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(exponent) * bits > MOST_BITS:
            raise _NoNumber
        return base ** int(exponent)
    power = float(base) ** float(exponent)
    if isinstance(power, complex):
        raise _NoNumber
    return float(power)
