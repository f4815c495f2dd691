"""The text of the proofs: a walk along the path, a second reading, a search from the goal, parity."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from s1m.synthetic.longvision.mazes.plan import Cell, Maze, directions
from s1m.synthetic.longvision.mazes.search import search
from s1m.synthetic.longvision.mazes.words import stretches
from s1m.synthetic.voice import DOUBTS, LOOKS, Voice, cell_name, counted

COLUMNS = (
    "Column {c}: {runs}.",
    "Down column {c} I find {runs}.",
    "{runs} for column {c}.",
    "Column {c} falls into {runs}.",
    "In column {c} there are {runs}.",
    "Going down {c}: {runs}.",
    "{c} gives {runs}.",
)
LEGS = (
    "{way} {n} to {cell}, that makes {sum}",
    "then {way} {n} to {cell} ({sum})",
    "{n} {way}, now on {cell}, {sum} so far",
    "{way} by {n}: {cell}, count {sum}",
    "on {way} to {cell}, {n} more, {sum}",
)


def proofs(maze: Maze, voice: Voice) -> Iterator[str]:
    """A walk along the path, a reading by columns, a search from the goal, parity."""
    yield _walk(maze, voice, maze.best())
    yield "\n\n".join(_by_columns(maze, voice))
    ends: list[tuple[Cell, Cell, Cell | None]] = [(maze.goal, maze.start, None)]
    if (
        maze.key
        and len(maze.best()) - 1
        == len(maze.path(maze.start, maze.key, maze.door)) + len(maze.path(maze.key, maze.goal)) - 2
    ):
        ends = [(maze.goal, maze.key, None), (maze.key, maze.start, maze.door)]
    elif maze.key:
        ends = [(maze.goal, maze.start, maze.door)]
    lines = [voice.say(DOUBTS)]
    lengths = []
    for start, goal, shut in ends:
        closed = f", with {cell_name(shut)} shut" if shut else ""
        lines.append(f"This time I start at {cell_name(start)} and look for {cell_name(goal)}{closed}.")
        lines += search(maze, voice, start, [goal], shut)
        lengths.append(len(maze.path(start, goal, shut)) - 1)
    total = " + ".join(str(moves) for moves in lengths)
    lines.append(
        f"From this side I get {total}{f' = {sum(lengths)}' if len(lengths) > 1 else ''} moves, the same as before."
    )
    yield "\n\n".join(lines)
    yield _parity(maze, voice)


def _by_columns(maze: Maze, voice: Voice) -> Iterator[str]:
    yield f"{voice.say(LOOKS)} I read the walls again, this time column by column, numbers standing for rows."
    lines = []
    for c in range(maze.columns):
        opened = [maze.down[r][c] for r in range(maze.rows - 1)]
        lines.append(voice.say(COLUMNS, c=chr(65 + c), runs=stretches([str(r + 1) for r in range(maze.rows)], opened)))
    yield "\n".join(lines)
    gaps = sum(map(sum, maze.down))
    yield f"That is {counted(gaps, 'opening')} between rows, and the list by rows has as many: they agree."


def _walk(maze: Maze, voice: Voice, path: list[Cell]) -> str:
    """The path from the start, counted by stretches in one direction."""
    legs = []
    total = 0
    at = 0
    for direction, steps in groupby(directions(path)):
        many = len(list(steps))
        at, total = at + many, total + many
        legs.append(voice.say(LEGS, way=direction, n=many, cell=cell_name(path[at]), sum=total))
    opening = voice.say(DOUBTS)
    rule = ""
    if maze.key and maze.door in path:
        rule = f" The key {cell_name(maze.key)} comes before the door {cell_name(maze.door)}, as it must."
    return (
        f"{opening} I walk the way on the picture, from {cell_name(path[0])}, and look out for walls: "
        f"{'; '.join(legs)}. No wall was in the way, and the count is {total}.{rule}"
    )


def _parity(maze: Maze, voice: Voice) -> str:
    across, along = maze.goal[1] - maze.start[1], maze.goal[0] - maze.start[0]
    far = abs(across) + abs(along)
    moves = len(maze.best()) - 1
    kind = "even" if far % 2 == 0 else "odd"
    return voice.say(
        (
            "One more test: G lies {a} columns and {b} rows away from S, {a} + {b} = {f}. Every move changes that sum "
            "by one, so the number of moves must be {k} and at least {f}. {n} is.",
            "A last sanity check. Without walls it would be {a} + {b} = {f} moves; detours only add pairs of moves, so "
            "the answer is {k}, like {n}, and not below {f}.",
        ),
        a=abs(across),
        b=abs(along),
        f=far,
        k=kind,
        n=moves,
    )
