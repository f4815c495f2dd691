"""Fewest moves, from plain numbers and by another method than the trace's.

This file imports nothing of the files that make and solve the problems, so that a mistake in them cannot repeat here.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

Table = Sequence[Sequence[int]]


def maze(across: Table, down: Table, marks: tuple[tuple[int, int], tuple[int, int], object, object]) -> int:
    """Fewest moves by Dijkstra's algorithm over pairs (cell, whether the key is held); -1 where there is no path."""
    start, goal, key, door = marks
    first = (start, key is None or key == start)
    least = {first: 0}
    heap = [(0, first)]
    while heap:
        moves, (cell, has) = heapq.heappop(heap)
        if cell == goal:
            return moves
        r, c = cell
        neighbours = []
        if c and across[r][c - 1]:
            neighbours.append((r, c - 1))
        if c < len(across[r]) and across[r][c]:
            neighbours.append((r, c + 1))
        if r and down[r - 1][c]:
            neighbours.append((r - 1, c))
        if r < len(down) and down[r][c]:
            neighbours.append((r + 1, c))
        for other in neighbours:
            state = (other, has or other == key)
            if (other != door or has) and moves + 1 < least.get(state, moves + 2):
                least[state] = moves + 1
                heapq.heappush(heap, (moves + 1, state))
    return -1
