"""Fewest moves, once more by another method than that of the trace, from bare numbers.

Nothing here is shared with the files that make and solve the problems: a mistake there cannot hide here.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

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
