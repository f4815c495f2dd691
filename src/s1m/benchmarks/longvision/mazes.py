"""Shortest ways through mazes, found wave by wave; in some a door opens only to who has been at the key.

A breadth-first search numbers the cells from the start on. With a key it is two searches: with the door shut, to the
goal or to the key, and from the key on with the door open. ``check.maze`` instead runs one Dijkstra search over places
with and without key.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from s1m.benchmarks.longvision import check, maze_proofs, maze_words
from s1m.benchmarks.longvision.paper import COLOURS, INK, MUTED, PALE, png, sheet, write
from s1m.benchmarks.longvision.voice import Voice

Cell = tuple[int, int]
"""Row and column, from 0."""

STEPS = {"right": (0, 1), "down": (1, 0), "left": (0, -1), "up": (-1, 0)}
TOKENS_A_CELL = 20
MARGIN = 34


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


class Mazes:
    """The kind of problem."""

    name = "maze"
    family = "mazes"
    lengths = (500, 16_000)

    def plan(self, rng: random.Random, tokens: int) -> Maze:
        """A maze of as many cells as it takes."""
        keyed = tokens > 1200 and rng.random() < 0.5
        cells = max(9, tokens / (TOKENS_A_CELL * (1.25 if keyed else 1)))
        columns = min(26, max(3, round(math.sqrt(cells) * rng.uniform(0.9, 1.2))))
        rows = max(3, round(cells / columns))
        while True:
            maze = dug(rng, rows, columns)
            if not keyed:
                return maze
            way = maze.way(maze.start, maze.goal)
            door = way[rng.randrange(len(way) // 3, len(way) - 1)]
            reach = [cell for cell in maze.waves(maze.start, door) if cell not in (maze.start, maze.goal)]
            keys = [cell for cell in reach if cell not in way] or reach
            if keys and door != maze.start:
                return replace(maze, key=rng.choice(keys), door=door)

    def question(self, plan: Maze) -> str:
        """What is asked."""
        door = (
            "The cell marked D is a locked door: it can be entered only after the cell with the key K has been "
            "visited. "
            if plan.key
            else ""
        )
        return (
            "The picture shows a maze. You go from one cell to the next, up, down, left or right, and never through a "
            f"wall. {door}What is the smallest number of moves that takes you from S to G? Answer with an integer."
        )

    def answer(self, plan: Maze) -> int:
        """Moves of the shortest way."""
        return len(plan.best()) - 1

    def check(self, plan: Maze) -> int:
        """The same by Dijkstra's algorithm."""
        return check.maze(plan.across, plan.down, (plan.start, plan.goal, plan.key, plan.door))

    def size(self, plan: Maze) -> tuple[int, int]:
        """Width and height in pixels."""
        side = _side(plan)
        return plan.columns * side + 2 * MARGIN, plan.rows * side + 2 * MARGIN

    def draw(self, plan: Maze) -> bytes:
        """The maze with its rows numbered and its columns lettered."""
        side = _side(plan)
        image, pen = sheet(*self.size(plan))
        for r in range(plan.rows):
            for c in range(plan.columns):
                left, top = MARGIN + c * side, MARGIN + r * side
                if (r + c) % 2:
                    pen.rectangle((left, top, left + side, top + side), fill=PALE)
        marks = {"S": plan.start, "G": plan.goal, "K": plan.key, "D": plan.door}
        for (mark, cell), colour in zip(marks.items(), ("green", "blue", "pink", "orange"), strict=True):
            if cell:
                left, top = MARGIN + cell[1] * side, MARGIN + cell[0] * side
                pen.rounded_rectangle((left + 4, top + 4, left + side - 4, top + side - 4), 4, fill=COLOURS[colour])
                write(pen, (left + side / 2, top + side / 2), mark, side // 2, "#ffffff")
        for r in range(plan.rows):
            for c in range(plan.columns):
                left, top = MARGIN + c * side, MARGIN + r * side
                if c + 1 < plan.columns and not plan.across[r][c]:
                    pen.line((left + side, top, left + side, top + side), fill=INK, width=3)
                if r + 1 < plan.rows and not plan.down[r][c]:
                    pen.line((left, top + side, left + side, top + side), fill=INK, width=3)
        right, bottom = MARGIN + plan.columns * side, MARGIN + plan.rows * side
        pen.rectangle((MARGIN - 1, MARGIN - 1, right + 1, bottom + 1), outline=INK, width=3)
        for c in range(plan.columns):
            for y in (MARGIN / 2, bottom + MARGIN / 2):
                write(pen, (MARGIN + (c + 0.5) * side, y), chr(65 + c), 16, MUTED)
        for r in range(plan.rows):
            for x in (MARGIN / 2, right + MARGIN / 2):
                write(pen, (x, MARGIN + (r + 0.5) * side), str(r + 1), 16, MUTED)
        return png(image)

    def solve(self, plan: Maze, voice: Voice) -> Iterator[str]:
        """Reading, a first guess that fails, the search, the way back."""
        return maze_words.solve(plan, voice)

    def proofs(self, plan: Maze, voice: Voice) -> Iterator[str]:
        """Walking the way, parity, reading by columns, searching from the other end."""
        return maze_proofs.proofs(plan, voice)


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


def _side(plan: Maze) -> int:
    return 48 if max(plan.rows, plan.columns) <= 14 else 36
