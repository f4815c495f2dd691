"""A coloured floor, the robot on it, its rules, and its moves."""

from __future__ import annotations

from dataclasses import dataclass

Cell = tuple[int, int]
"""Row and column, from 0."""

HEADINGS = ("up", "right", "down", "left")

TURNS = {"left": -1, "straight": 0, "right": 1, "around": 2}
"""Quarter turns clockwise."""

DOWN, RIGHT = (-1, 0, 1, 0), (0, 1, 0, -1)
"""What a step in each heading adds to row and column."""


@dataclass(frozen=True, kw_only=True)
class Floor:
    """A floor, a robot and the rules: on colour ``i`` it makes turn ``turns[i]`` and paints colour ``paints[i]``."""

    colours: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]
    turns: tuple[str, ...]
    paints: tuple[int, ...]
    start: Cell
    heading: int
    steps: int
    asked: int
    """Index of the colour that is counted at the end."""

    @property
    def rows(self) -> int:
        """Cells from top to bottom."""
        return len(self.cells)

    @property
    def columns(self) -> int:
        """Cells from left to right."""
        return len(self.cells[0])


@dataclass(frozen=True, kw_only=True)
class Move:
    """One step: the cell and its colour, the heading before and after the turn, the cell reached."""

    cell: Cell
    colour: int
    before: int
    heading: int
    to: Cell


def walk(floor: Floor, steps: int | None = None, misread: int | None = None) -> tuple[list[Move], list[list[int]]]:
    """The robot's moves and the floor after them; at step ``misread`` the robot sees the next colour of the list."""
    cells = [list(row) for row in floor.cells]
    (r, c), heading = floor.start, floor.heading
    moves = []
    for number in range(floor.steps if steps is None else steps):
        colour = cells[r][c] if number != misread else (cells[r][c] + 1) % len(floor.colours)
        turned = (heading + TURNS[floor.turns[colour]]) % 4
        cells[r][c] = floor.paints[colour]
        # The floor has no edge: who leaves it comes back on the other side, so that every walk has all its steps.
        to = ((r + DOWN[turned]) % floor.rows, (c + RIGHT[turned]) % floor.columns)
        moves.append(Move(cell=(r, c), colour=colour, before=heading, heading=turned, to=to))
        (r, c), heading = to, turned
    return moves, cells
