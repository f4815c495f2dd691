"""Shortest ways through mazes, found wave by wave; in some a door opens only to who has been at the key.

A breadth-first search numbers the cells from the start on. With a key it is two searches: with the door shut, to the
goal or to the key, and from the key on with the door open. ``check.maze`` instead runs one Dijkstra search over places
with and without key.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

from s1m.synthetic.longvision.mazes import check, proofs, words
from s1m.synthetic.longvision.mazes.plan import Maze, dug
from s1m.synthetic.longvision.paper import COLOURS, INK, MUTED, PALE, png, sheet, write
from s1m.synthetic.longvision.voice import Voice

TOKENS_A_CELL = 20
MARGIN = 34


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
        return words.solve(plan, voice)

    def proofs(self, plan: Maze, voice: Voice) -> Iterator[str]:
        """Walking the way, parity, reading by columns, searching from the other end."""
        return proofs.proofs(plan, voice)


def _side(plan: Maze) -> int:
    return 48 if max(plan.rows, plan.columns) <= 14 else 36
