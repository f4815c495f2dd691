"""Cells of a colour, once more by another method than that of the trace, from bare numbers.

Nothing here is shared with the files that make and solve the problems: a mistake there cannot hide here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Table = Sequence[Sequence[int]]


def robot(
    cells: Table, rules: tuple[Sequence[int], Sequence[int]], pose: tuple[tuple[int, int], int], steps: int, asked: int
) -> int:
    """Cells of a colour behind a walk: places and headings as complex numbers, colours counted up from visits."""
    quarters, paints = rules
    (r, c), heading = pose
    place, look = complex(c, -r), 1j * (-1j) ** heading
    painted: Counter[tuple[int, int]] = Counter()
    for _ in range(steps):
        x, y = int(place.real) % len(cells[0]), int(-place.imag) % len(cells)
        colour = cells[y][x]
        for _ in range(painted[y, x] % len(paints)):
            colour = paints[colour]
        painted[y, x] += 1
        look *= (-1j) ** quarters[colour]
        place += complex(round(look.real), round(look.imag))
    total = 0
    for y, row in enumerate(cells):
        for x, colour in enumerate(row):
            for _ in range(painted[y, x]):
                colour = paints[colour]
            total += colour == asked
    return total
