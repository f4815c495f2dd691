"""A robot on a coloured floor: the colour under it decides its turn and its paint, then it moves one cell on.

The picture shows the rules. The trace takes the steps one by one and undoes them from the end: every colour is painted
over exactly one other, so the walk can be reversed. ``check.robot`` instead turns complex numbers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from s1m.synthetic.drawing import COLOURS, INK, MUTED, RULE, png, sheet, write
from s1m.synthetic.longvision.grids import check, proofs, words
from s1m.synthetic.longvision.grids.plan import DOWN, RIGHT, TURNS, Floor, walk
from s1m.synthetic.voice import Voice

TOKENS_A_STEP, TOKENS_A_CELL = 60, 3
"""Of steps with their proofs, and of the reading of the floor; so that traces come near the length drawn."""
SIDE, MARGIN, LEGEND = 44, 34, 40
"""Pixels: along a cell, around the floor, down a rule."""


class Robots:
    """How many cells of a colour a drawn floor has after a robot's walk."""

    name = "robot"
    family = "grids"
    lengths = (500, 16_000)

    def plan(self, rng: random.Random, tokens: int) -> Floor:
        side = min(14, max(3, round((tokens / 160) ** 0.5) + rng.randint(1, 3)))
        rows, columns = side, min(16, side + rng.randint(0, 2))
        names = rng.sample(["blue", "orange", "green", "pink"], 3 if tokens < 4000 or rng.random() < 0.5 else 4)
        paints = [*range(1, len(names)), 0]
        while True:
            turns = ["left", "right", *rng.choices(("left", "straight", "right", "around"), k=2)]
            floor = Floor(
                colours=tuple(names),
                cells=tuple(tuple(rng.randrange(len(names)) for _ in range(columns)) for _ in range(rows)),
                turns=tuple(rng.sample(turns[: len(names)], len(names))),
                paints=tuple(paints),
                start=(rng.randrange(rows), rng.randrange(columns)),
                heading=rng.randrange(4),
                steps=max(6, round((tokens - TOKENS_A_CELL * rows * columns) / TOKENS_A_STEP)),
                asked=rng.randrange(len(names)),
            )
            # A robot that circles on a few cells makes a trace that reads like a loop.
            visited = {step.cell for step in walk(floor)[0]}
            if len(visited) >= min(floor.steps, rows * columns) // 4:
                return floor

    def question(self, plan: Floor) -> str:
        return (
            "The picture shows a coloured floor, a robot (the arrow, pointing where it looks) and its rules. In each "
            "step the robot looks at the colour of the cell that it stands on, turns as the rule for that colour says, "
            "paints the cell in the colour behind the rule's arrow, and moves one cell forward. A robot that leaves "
            f"the floor on one side comes in again on the opposite side. How many cells are {plan.colours[plan.asked]} "
            f"after {plan.steps} steps? Answer with an integer."
        )

    def answer(self, plan: Floor) -> int:
        return sum(row.count(plan.asked) for row in walk(plan)[1])

    def check(self, plan: Floor) -> int:
        quarters = [TURNS[turn] for turn in plan.turns]
        return check.robot(plan.cells, (quarters, plan.paints), (plan.start, plan.heading), plan.steps, plan.asked)

    def size(self, plan: Floor) -> tuple[int, int]:
        width = max(plan.columns * SIDE, 300) + 2 * MARGIN
        return width, plan.rows * SIDE + 2 * MARGIN + LEGEND * len(plan.colours) + 8

    def draw(self, plan: Floor) -> bytes:
        """The floor with numbered rows and lettered columns, the rules below it."""
        image, pen = sheet(*self.size(plan))
        for r in range(plan.rows):
            write(pen, (MARGIN / 2, MARGIN + (r + 0.5) * SIDE), str(r + 1), 16, MUTED)
            for c in range(plan.columns):
                left, top = MARGIN + c * SIDE, MARGIN + r * SIDE
                fill = COLOURS[plan.colours[plan.cells[r][c]]]
                pen.rectangle((left, top, left + SIDE, top + SIDE), fill=fill, outline="#ffffff", width=2)
        for c in range(plan.columns):
            write(pen, (MARGIN + (c + 0.5) * SIDE, MARGIN / 2), chr(65 + c), 16, MUTED)
        x, y = MARGIN + (plan.start[1] + 0.5) * SIDE, MARGIN + (plan.start[0] + 0.5) * SIDE
        pen.ellipse((x - 17, y - 17, x + 17, y + 17), fill="#ffffff", outline=INK, width=2)
        along, aside = (RIGHT[plan.heading], DOWN[plan.heading]), (-DOWN[plan.heading], RIGHT[plan.heading])
        tip = [(13, 0), (-7, 9), (-3, 0), (-7, -9)]
        pen.polygon([(x + a * along[0] + b * aside[0], y + a * along[1] + b * aside[1]) for a, b in tip], fill=INK)
        top = MARGIN + plan.rows * SIDE + 14
        pen.line((MARGIN, top, MARGIN + max(plan.columns * SIDE, 300), top), fill=RULE, width=2)
        for number, colour in enumerate(plan.colours):
            y = top + 10 + number * LEGEND
            pen.rounded_rectangle((MARGIN, y, MARGIN + 28, y + 28), 4, fill=COLOURS[colour])
            write(pen, (MARGIN + 44, y + 14), words.turning(plan.turns[number]), 18, anchor="lm")
            pen.line((MARGIN + 160, y + 14, MARGIN + 194, y + 14), fill=INK, width=2)
            pen.polygon([(MARGIN + 202, y + 14), (MARGIN + 192, y + 9), (MARGIN + 192, y + 19)], fill=INK)
            painted = COLOURS[plan.colours[plan.paints[number]]]
            pen.rounded_rectangle((MARGIN + 216, y, MARGIN + 244, y + 28), 4, fill=painted)
        return png(image)

    def solve(self, plan: Floor, voice: Voice) -> Iterator[str]:
        """The reading of floor and rules, the steps with one slip, the count."""
        return words.solve(plan, voice)

    def proofs(self, plan: Floor, voice: Voice) -> Iterator[str]:
        """A balance of the colour, the walk undone, the visits of every cell."""
        return proofs.proofs(plan, voice)
