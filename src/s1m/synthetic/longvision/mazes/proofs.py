"""How the answer to a maze is verified: another reading, another direction, a walk, a parity."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from s1m.synthetic.longvision.mazes.plan import Cell, Maze
from s1m.synthetic.longvision.mazes.words import directions, name, search, stretches
from s1m.synthetic.longvision.voice import DOUBTS, LOOKS, Voice, counted

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
    """Walking the way, parity, reading by columns, searching from the other end."""
    yield _walk(maze, voice, maze.best())
    yield "\n\n".join(_by_columns(maze, voice))
    ends: list[tuple[Cell, Cell, Cell | None]] = [(maze.goal, maze.start, None)]
    if (
        maze.key
        and len(maze.best()) - 1
        == len(maze.way(maze.start, maze.key, maze.door)) + len(maze.way(maze.key, maze.goal)) - 2
    ):
        ends = [(maze.goal, maze.key, None), (maze.key, maze.start, maze.door)]
    elif maze.key:
        ends = [(maze.goal, maze.start, maze.door)]
    lines = [voice.say(DOUBTS)]
    lengths = []
    for start, goal, shut in ends:
        closed = f", with {name(shut)} shut" if shut else ""
        lines.append(f"This time I start at {name(start)} and look for {name(goal)}{closed}.")
        lines += search(maze, voice, start, [goal], shut)
        lengths.append(len(maze.way(start, goal, shut)) - 1)
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


def _walk(maze: Maze, voice: Voice, way: list[Cell]) -> str:
    """The way once more from the start, counted by stretches in one direction."""
    legs = []
    total = 0
    at = 0
    for direction, steps in groupby(directions(way)):
        many = len(list(steps))
        at, total = at + many, total + many
        legs.append(voice.say(LEGS, way=direction, n=many, cell=name(way[at]), sum=total))
    opening = voice.say(DOUBTS)
    rule = ""
    if maze.key and maze.door in way:
        rule = f" The key {name(maze.key)} comes before the door {name(maze.door)}, as it must."
    return (
        f"{opening} I walk the way on the picture, from {name(way[0])}, and look out for walls: {'; '.join(legs)}. No "
        f"wall was in the way, and the count is {total}.{rule}"
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
