"""The answers once more, each by another method than that of the trace, from bare numbers.

Nothing here is shared with the files that make and solve the problems: a mistake there cannot hide here.
"""

from __future__ import annotations

import cmath
import heapq
import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

Table = Sequence[Sequence[int]]


def maze(across: Table, down: Table, marks: tuple[tuple[int, int], tuple[int, int], object, object]) -> int:
    """Fewest moves, by Dijkstra's algorithm over (cell, has the key); -1 where there is no way."""
    start, goal, key, door = marks
    first = (start, key is None or key == start)
    least = {first: 0}
    heap = [(0, first)]
    while heap:
        moves, (cell, has) = heapq.heappop(heap)
        if cell == goal:
            return moves
        r, c = cell
        ways = []
        if c and across[r][c - 1]:
            ways.append((r, c - 1))
        if c < len(across[r]) and across[r][c]:
            ways.append((r, c + 1))
        if r and down[r - 1][c]:
            ways.append((r - 1, c))
        if r < len(down) and down[r][c]:
            ways.append((r + 1, c))
        for place in ways:
            state = (place, has or place == key)
            if (place != door or has) and moves + 1 < least.get(state, moves + 2):
                least[state] = moves + 1
                heapq.heappush(heap, (moves + 1, state))
    return -1


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


def charts(values: Table, prices: Sequence[int], ask: str) -> int:
    """The answer to a question about bars, by array arithmetic."""
    import numpy as np

    bars = np.array(values)
    if ask == "revenue":
        return int((np.array(prices) @ bars).sum())
    if ask == "above":
        return int(np.where(bars > bars.mean(axis=1, keepdims=True), bars, 0).sum())
    return int(np.clip(np.diff(bars, axis=1), 0, None).sum())


def area(corners: Sequence[tuple[int, int]]) -> int:
    """A polygon's area: between two lines of the paper it is as large as it is wide halfway between them.

    Raises ``ValueError`` where that is no whole number.
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
