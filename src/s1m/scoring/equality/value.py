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

MOST_CHARACTERS = 300
"""A longer text is not a formula."""
DEEPEST = 30
"""Brackets within brackets: each takes several frames of Python's stack."""
MOST_BITS = 10_000
"""The size of the largest power that is computed: sums of fractions of more bits take seconds."""

Value = Fraction | float

_TOKEN = re.compile(
    r"""\s*(
      \d+(?:,\d{3})+(?:\.\d+)?              # 1,234.5
    | \d*\.\d+ | \d+\.?                     # 0.5, .5, 5.
    | \\[a-zA-Z]+ | \\.                     # \frac, \%
    | \*\* | [a-z]+ | \S                    # **, sin, +
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SCIENTIFIC = re.compile(r"(?<![\w.])(\d+\.\d*|\.\d+)[eE]([-+]?\d{1,3})(?![\w.])")
"""9.1e-31. Without a decimal point the letter may be Euler's number: 2e-1 is 2e less 1."""
_MIXED = re.compile(
    r"""(?<![\w.}^_/])(\d{1,9})(?:
      \s*\\[dt]?frac\s?(?:\{(\d{1,9})\}|(\d))\s?(?:\{(\d{1,9})\}|(\d))     # 3\frac{1}{2}, 3\frac12
    | \s+(\d{1,9})\s?/\s?(\d{1,9})(?![\d.])                                 # 3 1/2
    )""",
    re.VERBOSE,
)
ROMAN = re.compile(r"\\(?:mathrm|mathbf|mathit|text|rm)(?![a-zA-Z])")
r"""Commands that only set a letter upright: ``\mathrm e`` is Euler's number."""
_SPACES = re.compile(
    r"""
      \\(?:left|right|displaystyle|[,;:! ])    # \left(, \,
    | [$~]                                     # $5$
    """,
    re.VERBOSE,
)
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


def value_of(text: str, *, as_latex2sympy: bool = False) -> Value | None:
    """The number that a formula comes to; None where it comes to none.

    ``as_latex2sympy`` reads as that library does: neither mixed numbers nor 9.1e-31, but two numbers side by side as
    their product.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    if not as_latex2sympy:
        text = ROMAN.sub(" ", text.replace("\u2212", "-"))
        text = _MIXED.sub(_as_sum, _SCIENTIFIC.sub(r"(\1*10^{\2})", text))
    tokens = _TOKEN.findall(
        _SPACES.sub(" ", text).replace("dfrac", "frac").replace("tfrac", "frac").replace("\u2212", "-")
    )
    reader = _Reader(tokens, multiplies_numbers=as_latex2sympy)
    try:
        value = reader.sum()
        return value if not reader.rest and math.isfinite(value) else None
    except (_NoNumber, ArithmeticError, ValueError, RecursionError):
        return None


def is_close(first: Value, other: Value) -> bool:
    """Whether two values are equal but for rounding: to one part in 10**9, however small they are.

    Beside an exact zero there is no relative measure: a value that was computed in floating point may miss it by 1e-12.
    """
    if isinstance(first, Fraction) and isinstance(other, Fraction):
        return abs(first - other) * 10**9 <= max(abs(first), abs(other))
    return math.isclose(first, other, rel_tol=1e-9, abs_tol=0.0 if first and other else 1e-12)


class _NoNumber(Exception):
    """The text is not a formula without letters."""


def _as_sum(match: re.Match[str]) -> str:
    r"""A mixed number as a sum; two factors, as in 2\frac{3}{2}, where the fraction is larger than 1."""
    above, below = match[2] or match[3] or match[6], match[4] or match[5] or match[7]
    return f"({match[1]}+{above}/{below})" if int(above) < int(below) else match[0]


class _Reader:
    """Reads tokens from the left; each method takes the longest stretch that is what its name says."""

    def __init__(self, tokens: list[str], *, multiplies_numbers: bool) -> None:
        # Last token first: taking one from the end of a list is cheap.
        self.rest = tokens[::-1]
        self.multiplies_numbers = multiplies_numbers
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
        return named or token in ("(", "{") or (self.multiplies_numbers and token[:1].isdigit())

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
                # _signed and not _factor: 2^-1 has a sign, and 2^3^2 is read from the right.
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
        # TeX takes one character where there are no braces: \frac12 is a half, and what is left is the next argument.
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
