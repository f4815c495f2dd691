"""A maze: its walls, the ways through it, and how one is dug."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

Cell = tuple[int, int]
"""Row and column, from 0."""

STEPS = {"right": (0, 1), "down": (1, 0), "left": (0, -1), "up": (-1, 0)}


@dataclass(frozen=True, kw_only=True)
class Maze:
    """Where one can go: ``across[r][c]`` is 1 where (r, c) and (r, c + 1) are open to each other, ``down`` likewise."""

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
        """Whether no wall stands between two cells that lie side by side."""
        (r, c), (s, _) = sorted((a, b))
        return bool(self.across[r][c] if r == s else self.down[r][c])

    def beside(self, cell: Cell) -> list[Cell]:
        """The cells around one, walls or not."""
        around = [(cell[0] + r, cell[1] + c) for r, c in STEPS.values()]
        return [(r, c) for r, c in around if 0 <= r < self.rows and 0 <= c < self.columns]

    def waves(self, start: Cell, shut: Cell | None = None) -> dict[Cell, Cell | None]:
        """Every cell that can be reached, in the order of a breadth-first search, and the cell it is reached from."""
        came: dict[Cell, Cell | None] = {start: None}
        for cell in (queue := [start]):
            for other in self.beside(cell):
                if other not in came and other != shut and self.joined(cell, other):
                    came[other] = cell
                    queue.append(other)
        return came

    def way(self, start: Cell, goal: Cell, shut: Cell | None = None) -> list[Cell]:
        """The cells of a shortest way, both ends included; nothing where there is none."""
        came = self.waves(start, shut)
        cell: Cell | None = goal if goal in came else None
        cells = []
        while cell is not None:
            cells.append(cell)
            cell = came[cell]
        return cells[::-1]

    def best(self) -> list[Cell]:
        """The cells of a shortest way from start to goal that minds the door."""
        direct = self.way(self.start, self.goal, self.door)
        if self.key is None:
            return direct
        detour = [*self.way(self.start, self.key, self.door), *self.way(self.key, self.goal)[1:]]
        return direct if direct and len(direct) <= len(detour) else detour


def dug(rng: random.Random, rows: int, columns: int) -> Maze:
    """A maze dug by a wandering mole, with a few more walls taken away so that there is more than one way."""
    across = [[0] * (columns - 1) for _ in range(rows)]
    down = [[0] * columns for _ in range(rows - 1)]
    trail: list[Cell] = [(rng.randrange(rows), rng.randrange(columns))]
    seen = set(trail)

    def dig(a: Cell, b: Cell) -> None:
        (r, c), (s, _) = sorted((a, b))
        (across if r == s else down)[r][c] = 1

    while trail:
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
    for _ in range(rows * columns // 12):
        r, c = rng.randrange(rows - 1), rng.randrange(columns - 1)
        dig((r, c), rng.choice(((r + 1, c), (r, c + 1))))
    start = (rng.randrange(rows), rng.randrange(columns))
    maze = Maze(across=_frozen(across), down=_frozen(down), start=start, goal=start)
    far = list(maze.waves(start))
    return replace(maze, goal=rng.choice(far[len(far) * 2 // 3 :]))


def _frozen(table: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in table)
