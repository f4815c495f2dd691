"""Cells of a colour, from plain numbers and by another method than the trace's.

This file imports nothing of the files that make and solve the problems, so that a mistake in them cannot repeat here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Table = Sequence[Sequence[int]]


def robot(
    cells: Table, rules: tuple[Sequence[int], Sequence[int]], pose: tuple[tuple[int, int], int], steps: int, asked: int
) -> int:
    """Cells of colour ``asked`` after a walk.

    Positions and headings are complex numbers; a cell's colour follows from how often the robot has left it.
    """
    quarters, paints = rules
    (r, c), heading = pose
    position, heading_step = complex(c, -r), 1j * (-1j) ** heading
    painted: Counter[tuple[int, int]] = Counter()
    for _ in range(steps):
        x, y = int(position.real) % len(cells[0]), int(-position.imag) % len(cells)
        colour = cells[y][x]
        for _ in range(painted[y, x] % len(paints)):
            colour = paints[colour]
        painted[y, x] += 1
        heading_step *= (-1j) ** quarters[colour]
        # Rounded, because powers of -1j are not exact.
        position += complex(round(heading_step.real), round(heading_step.imag))
    total = 0
    for y, row in enumerate(cells):
        for x, colour in enumerate(row):
            for _ in range(painted[y, x]):
                colour = paints[colour]
            total += colour == asked
    return total
