"""A maze: its walls, the paths through it, and the algorithm that digs one."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import pairwise

Cell = tuple[int, int]
"""Row and column, from 0."""

STEPS = {"right": (0, 1), "down": (1, 0), "left": (0, -1), "up": (-1, 0)}


@dataclass(frozen=True, kw_only=True)
class Maze:
    """Openings between cells: ``across[r][c]`` is 1 between (r, c) and (r, c + 1), ``down[r][c]`` to (r + 1, c)."""

    across: tuple[tuple[int, ...], ...]
    down: tuple[tuple[int, ...], ...]
    start: Cell
    goal: Cell
    key: Cell | None = None
    door: Cell | None = None

    @property
    def rows(self) -> int:
        """Cells from top to bottom."""
        return len(self.across)

    @property
    def columns(self) -> int:
        """Cells from left to right."""
        return len(self.across[0]) + 1

    def joined(self, a: Cell, b: Cell) -> bool:
        """Whether two neighbouring cells have no wall between them."""
        (r, c), (s, _) = sorted((a, b))
        return bool(self.across[r][c] if r == s else self.down[r][c])

    def beside(self, cell: Cell) -> list[Cell]:
        """The neighbours of a cell, behind a wall or not."""
        around = [(cell[0] + r, cell[1] + c) for r, c in STEPS.values()]
        return [(r, c) for r, c in around if 0 <= r < self.rows and 0 <= c < self.columns]

    def reached(self, start: Cell, shut: Cell | None = None) -> dict[Cell, Cell | None]:
        """Every cell that can be reached, in the order of a breadth-first search, and the cell before it on the way.

        No path enters ``shut``, the door while it is locked.
        """
        parents: dict[Cell, Cell | None] = {start: None}
        # The list grows while it is walked through, which makes it the queue of the search.
        for cell in (queue := [start]):
            for other in self.beside(cell):
                if other not in parents and other != shut and self.joined(cell, other):
                    parents[other] = cell
                    queue.append(other)
        return parents

    def distances(self, start: Cell, shut: Cell | None = None) -> dict[Cell, int]:
        """Fewest moves from ``start`` to every cell that can be reached, in the order of a breadth-first search."""
        moves: dict[Cell, int] = {}
        for cell, parent in self.reached(start, shut).items():
            moves[cell] = moves[parent] + 1 if parent else 0
        return moves

    def path(self, start: Cell, goal: Cell, shut: Cell | None = None) -> list[Cell]:
        """The cells of a shortest path, both ends included; empty where there is none."""
        parents = self.reached(start, shut)
        cell: Cell | None = goal if goal in parents else None
        cells = []
        while cell is not None:
            cells.append(cell)
            cell = parents[cell]
        return cells[::-1]

    def best(self) -> list[Cell]:
        """The cells of a shortest path from start to goal on which the key precedes the door."""
        direct = self.path(self.start, self.goal, self.door)
        if self.key is None:
            return direct
        detour = [*self.path(self.start, self.key, self.door), *self.path(self.key, self.goal)[1:]]
        return direct if direct and len(direct) <= len(detour) else detour


def directions(cells: list[Cell]) -> list[str]:
    """The direction of each move along a path."""
    names = {step: name for name, step in STEPS.items()}
    return [names[b[0] - a[0], b[1] - a[1]] for a, b in pairwise(cells)]


def dug(rng: random.Random, rows: int, columns: int) -> Maze:
    """A maze by randomised depth-first search, with further walls removed so that there are several paths.

    The goal is one of the third of the cells that are farthest from the start.
    """
    across = [[0] * (columns - 1) for _ in range(rows)]
    down = [[0] * columns for _ in range(rows - 1)]
    trail: list[Cell] = [(rng.randrange(rows), rng.randrange(columns))]
    seen = set(trail)

    def dig(a: Cell, b: Cell) -> None:
        (r, c), (s, _) = sorted((a, b))
        (across if r == s else down)[r][c] = 1

    while trail:
        # Depth-first alone digs long corridors; one move in five starts a branch elsewhere.
        cell = trail[-1] if rng.random() < 0.8 else rng.choice(trail)
        fresh = [
            (r, c)
            for r, c in ((cell[0] + dr, cell[1] + dc) for dr, dc in STEPS.values())
            if 0 <= r < rows and 0 <= c < columns and (r, c) not in seen
        ]
        if not fresh:
            trail.remove(cell)
            continue
        other = rng.choice(fresh)
        dig(cell, other)
        seen.add(other)
        trail.append(other)
    # So far there is one path between any two cells, and finding any of them would answer the question.
    for _ in range(rows * columns // 12):
        r, c = rng.randrange(rows - 1), rng.randrange(columns - 1)
        dig((r, c), rng.choice(((r + 1, c), (r, c + 1))))
    start = (rng.randrange(rows), rng.randrange(columns))
    maze = Maze(across=_frozen(across), down=_frozen(down), start=start, goal=start)
    by_distance = list(maze.reached(start))
    return replace(maze, goal=rng.choice(by_distance[len(by_distance) * 2 // 3 :]))


def _frozen(table: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in table)
