"""The last angle, once more by another method than that of the trace, from bare numbers.

Nothing here is shared with the files that make and solve the problems: a mistake there cannot hide here.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence


def zigzag(first: int, known: Sequence[tuple[str, int]]) -> int:
    """Degrees between the last segment and the lines, by turning a direction in the complex plane.

    Where an angle is only known as a multiple of its neighbour, the turn is found by bisection.
    """
    look = cmath.exp(1j * math.radians(first))
    for number, (kind, value) in enumerate(known):
        side = 1 if number % 2 == 0 else -1
        if kind == "equal":
            look = look.conjugate()
            continue
        if kind == "times":
            low, high = 0.0, 180.0
            while high - low > 1e-9:
                middle = (low + high) / 2
                rest = -side * math.degrees(cmath.phase(-look * cmath.exp(1j * side * math.radians(value * middle))))
                low, high = (middle, high) if rest > middle else (low, middle)
            turn = value * low
        else:
            turn = float(value)
        look = -look * cmath.exp(1j * side * math.radians(turn))
    return round(abs(math.degrees(cmath.phase(look))))
