"""The area, from plain numbers and by another method than the trace's.

This file imports nothing of the files that make and solve the problems, so that a mistake in them cannot repeat here.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def area(corners: Sequence[tuple[int, int]]) -> int:
    """A polygon's area in squares: between two lines of the paper, the area is the width halfway between them.

    Raises ``ValueError`` where the area is not a whole number.
    """
    total = Fraction(0)
    ys = [y for _, y in corners]
    for below in range(min(ys), max(ys)):
        level = Fraction(2 * below + 1, 2)
        crossings = []
        for number, (x, y) in enumerate(corners):
            u, v = corners[number - 1]
            if (y > level) != (v > level):
                crossings.append(x + (u - x) * (level - y) / (v - y))
        crossings.sort()
        total += sum(crossings[1::2]) - sum(crossings[::2])
    if total.denominator != 1:
        raise ValueError(f"the area is {total}")
    return int(total)
