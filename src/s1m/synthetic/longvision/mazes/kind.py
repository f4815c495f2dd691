"""Shortest paths through mazes; in some of them a door opens only after the key has been fetched.

The trace numbers the cells by a breadth-first search. With a key it searches twice: with the door shut, to the goal and
to the key, then from the key with the door open. ``check.maze`` instead runs Dijkstra's algorithm once, over pairs of
a cell and whether the key is held.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

from s1m.synthetic.drawing import COLOURS, INK, MUTED, PALE, png, sheet, write
from s1m.synthetic.longvision.mazes import check, proofs, words
from s1m.synthetic.longvision.mazes.plan import Maze, dug
from s1m.synthetic.voice import Voice

TOKENS_A_CELL = 20
"""Proofs included, so that traces come near the length drawn; a quarter more with a key, for the second search."""
MARGIN = 34


class Mazes:
    """How many moves the shortest path through a drawn maze takes."""

    name = "maze"
    family = "mazes"
    lengths = (500, 16_000)

    def plan(self, rng: random.Random, tokens: int) -> Maze:
        keyed = tokens > 1200 and rng.random() < 0.5
        cells = max(9, tokens / (TOKENS_A_CELL * (1.25 if keyed else 1)))
        columns = min(26, max(3, round(math.sqrt(cells) * rng.uniform(0.9, 1.2))))
        rows = max(3, round(cells / columns))
        while True:
            maze = dug(rng, rows, columns)
            if not keyed:
                return maze
            path = maze.path(maze.start, maze.goal)
            door = path[rng.randrange(len(path) // 3, len(path) - 1)]
            reach = [cell for cell in maze.reached(maze.start, door) if cell not in (maze.start, maze.goal)]
            keys = [cell for cell in reach if cell not in path] or reach  # off the path, so that it costs a detour
            if keys and door != maze.start:
                return replace(maze, key=rng.choice(keys), door=door)

    def question(self, plan: Maze) -> str:
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
        return len(plan.best()) - 1

    def check(self, plan: Maze) -> int:
        return check.maze(plan.across, plan.down, (plan.start, plan.goal, plan.key, plan.door))

    def size(self, plan: Maze) -> tuple[int, int]:
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
        """The reading, a first guess that fails, the search, the path back from the goal."""
        return words.solve(plan, voice)

    def proofs(self, plan: Maze, voice: Voice) -> Iterator[str]:
        """A walk along the path, a reading by columns, a search from the goal, parity."""
        return proofs.proofs(plan, voice)


def _side(plan: Maze) -> int:
    return 48 if max(plan.rows, plan.columns) <= 14 else 36
