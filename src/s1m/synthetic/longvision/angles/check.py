"""The last angle, from plain numbers and by another method than the trace's.

This file imports nothing of the files that make and solve the problems, so that a mistake in them cannot repeat here.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence


def zigzag(first: int, known: Sequence[tuple[str, int]]) -> int:
    """Degrees between the last segment and the lines, by turning a direction in the complex plane.

    Where an angle is only given as a multiple of its neighbour, bisection finds the turn.
    """
    heading = cmath.exp(1j * math.radians(first))
    for number, (kind, value) in enumerate(known):
        side = 1 if number % 2 == 0 else -1
        if kind == "equal":
            heading = heading.conjugate()
            continue
        if kind == "times":
            low, high = 0.0, 180.0
            while high - low > 1e-9:  # far below the whole degree to which the result is rounded
                middle = (low + high) / 2
                rest = -side * math.degrees(cmath.phase(-heading * cmath.exp(1j * side * math.radians(value * middle))))
                low, high = (middle, high) if rest > middle else (low, middle)
            turn = value * low
        else:
            turn = float(value)
        heading = -heading * cmath.exp(1j * side * math.radians(turn))
    return round(abs(math.degrees(cmath.phase(heading))))
