"""The text of a breadth-first search through a maze, wave by wave."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from s1m.synthetic.longvision.mazes.plan import Cell, Maze
from s1m.synthetic.voice import Voice, cell_name, listed

WAVES_A_PARAGRAPH = 7

WAVES = (
    "{d}: {reached}.",
    "Wave {d} brings {reached}.",
    "Distance {d}: {reached}.",
    "At {d} come {reached}.",
    "Number {d} goes to {reached}.",
    "With {d} I get to {reached}.",
    "{d} for {reached}.",
    "Next, {d}: {reached}.",
)
CORRIDORS = (
    "Now a corridor, one cell at a time: {cells}.",
    "From there only one way goes on: {cells}.",
    "A single line follows, {cells}.",
    "{cells}, one after the other.",
    "No choice for a while: {cells}.",
    "Then {cells} without a branch.",
)
ENDS = (
    " Nothing new from {cells}.",
    " {cells}: no further.",
    " (No way on from {cells}.)",
    " Stuck at {cells}.",
    " {cells} cannot be left for a new cell.",
    " I drop {cells}.",
)


def search(maze: Maze, voice: Voice, start: Cell, goals: list[Cell], shut: Cell | None) -> Iterator[str]:
    """The waves of a breadth-first search until all goals have their number, or no cell is left; by paragraph."""
    parents, moves = maze.reached(start, shut), maze.distances(start, shut)
    far = max((moves[goal] for goal in goals if goal in moves), default=0)
    if any(goal not in moves for goal in goals):
        far = max(moves.values())
    waves: list[list[Cell]] = [[] for _ in range(far + 1)]
    for cell, number in moves.items():
        if number <= far:
            waves[number].append(cell)
    leading_on = {parent for cell, parent in parents.items() if moves[cell] <= far}
    lines: list[str] = []
    number = 1
    while number <= far:
        # A run of waves of one cell each is a corridor: one sentence for all of it, else such mazes read like loops.
        alone = number
        while alone <= far and len(waves[alone]) == len(waves[alone - 1]) == 1:
            alone += 1
        if alone - number > 1:
            cells = [f"{cell_name(waves[n][0])} = {n}" for n in range(number, alone)]
            lines.append(voice.say(CORRIDORS, cells=listed(cells, "then")))
            number = alone
        else:
            lines.append(_wave(voice, number, waves[number], parents))
            stuck = [cell_name(cell) for cell in waves[number] if cell not in leading_on]
            if stuck and number < far:
                lines[-1] += voice.say(ENDS, cells=listed(stuck))
            number += 1
        if len(lines) >= WAVES_A_PARAGRAPH:
            yield " ".join(lines)
            lines = []
    numbered = [f"{cell_name(goal)} has {moves[goal]}" for goal in goals if goal in moves]
    lines.append(f"By this count {listed(numbered)}." if numbered else "That was everything.")
    yield " ".join(lines)


def _wave(voice: Voice, number: int, cells: list[Cell], parents: dict[Cell, Cell | None]) -> str:
    """One wave, each cell with the cell from which it is reached."""
    reached = []
    for parent, group in groupby(cells, key=lambda cell: parents[cell]):
        assert parent
        names = listed([cell_name(cell) for cell in group])
        reached.append(
            voice.say(("{new} from {old}", "{new} behind {old}", "{new} (by {old})"), new=names, old=cell_name(parent))
        )
    return voice.say(WAVES, d=number, reached="; ".join(reached))
