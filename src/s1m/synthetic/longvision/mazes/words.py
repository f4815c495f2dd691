"""The text of a solution to a maze. Every number in it is computed from the maze as its sentence is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s1m.synthetic.longvision.mazes.plan import Cell, Maze, directions
from s1m.synthetic.longvision.mazes.search import search
from s1m.synthetic.voice import Voice, cell_name, counted, listed

ROWS = (
    "Row {r}: {runs}; down to row {s} I can go at {gaps}.",
    "In row {r} I see {runs}, with gaps in the floor below {gaps}.",
    "Row {r} reads {runs}. Open towards row {s}: {gaps}.",
    "Next, row {r}. Side by side: {runs}. Downwards: {gaps}.",
    "{runs} make up row {r}, and {gaps} lead down from it.",
    "Along row {r} the walls leave {runs}; no floor under {gaps}.",
    "Then {runs} in row {r}; ways down at {gaps}.",
)
SEALED = (
    "Row {r} is {runs}; its floor is closed all along.",
    "Row {r}: {runs}, and nothing open below.",
    "In row {r}: {runs}. No way down from here.",
)
LAST = (
    "The last row, {r}, is {runs}.",
    "At the bottom, row {r}: {runs}.",
    "Row {r} ends the picture with {runs}.",
)


def solve(maze: Maze, voice: Voice) -> Iterator[str]:
    """The reading, a first guess that fails, the search, the path back from the goal."""
    yield _overview(maze, voice)
    yield from _by_rows(maze, voice)
    guess = _door_guess(maze, voice) if maze.key else _wall_guess(maze, voice)
    if guess:
        yield guess
    if maze.key is None:
        yield voice.say(
            (
                "So I search properly: every cell gets the number of moves from S, {s}, which has 0.",
                "I number the cells by their distance from S. {s} gets 0.",
                "Let me spread out from S wave by wave, {s} being 0.",
            ),
            s=cell_name(maze.start),
        )
        yield from search(maze, voice, maze.start, [maze.goal], None)
        yield _way_back(voice, maze.path(maze.start, maze.goal))
        return
    yield from _solve_with_key(maze, voice)


def _solve_with_key(maze: Maze, voice: Voice) -> Iterator[str]:
    assert maze.key
    assert maze.door
    door, key = cell_name(maze.door), cell_name(maze.key)
    yield voice.say(
        (
            "There are two plans: avoid the door, or fetch the key at {k} first. I begin with the door {d} shut and "
            "number the cells from S.",
            "First suppose that the door {d} stays closed and spread out from S, until I know G and the key {k}.",
        ),
        k=key,
        d=door,
    )
    yield from search(maze, voice, maze.start, [maze.key, maze.goal], maze.door)
    first, direct = maze.path(maze.start, maze.key, maze.door), maze.path(maze.start, maze.goal, maze.door)
    yield f"So the key at {key} is {counted(len(first) - 1, 'move')} from S; " + (
        f"G without the door takes {len(direct) - 1}." if direct else "G cannot be reached at all while D is shut."
    )
    yield voice.say(
        (
            "Now from the key on. At {k} I count from 0 again, and {d} is open.",
            "The second part starts on {k}, with {d} like any other cell.",
        ),
        k=key,
        d=door,
    )
    yield from search(maze, voice, maze.key, [maze.goal], None)
    second = maze.path(maze.key, maze.goal)
    yield _way_back(voice, second)
    total = len(first) + len(second) - 2
    best = len(maze.best()) - 1
    text = f"By the key it takes {len(first) - 1} + {len(second) - 1} = {total} moves."
    if direct:
        text += f" Without the door it is {len(direct) - 1}. The smaller of the two is {best}."
    else:
        text += " There is no other plan, because without the key G is out of reach."
    yield text


def _overview(maze: Maze, voice: Voice) -> str:
    marks = f"S is on {cell_name(maze.start)} and G on {cell_name(maze.goal)}"
    if maze.key and maze.door:
        marks += f"; the key K lies on {cell_name(maze.key)}, the door D is {cell_name(maze.door)}"
    return voice.say(
        (
            "The maze has {c} columns, A to {z}, and {r} rows. {marks}. First I read the walls, row by row: a dash "
            "joins cells that are open to each other, a bar is a wall.",
            "I see {r} rows and {c} columns (A to {z}). {marks}. Let me write down each row: cells joined by a dash "
            "have no wall between them, a bar stands for one.",
            "Columns run from A to {z}, rows from 1 to {r}. {marks}. I note the openings of every row, with a dash "
            "where it is open and a bar where there is a wall.",
        ),
        c=maze.columns,
        r=maze.rows,
        z=chr(64 + maze.columns),
        marks=marks,
    )


def _by_rows(maze: Maze, voice: Voice) -> Iterator[str]:
    lines = []
    for r in range(maze.rows):
        runs = stretches([chr(65 + c) for c in range(maze.columns)], maze.across[r])
        if r + 1 == maze.rows:
            lines.append(voice.say(LAST, r=r + 1, runs=runs))
            continue
        gaps = [chr(65 + c) for c in range(maze.columns) if maze.down[r][c]]
        if gaps:
            lines.append(voice.say(ROWS, r=r + 1, s=r + 2, runs=runs, gaps=listed(gaps)))
        else:
            lines.append(voice.say(SEALED, r=r + 1, runs=runs))
    yield "\n".join(lines)


def stretches(names: Sequence[str], opened: Sequence[int]) -> str:
    """Names side by side: ``A-B | C``, a dash where it is open."""
    runs = [names[0]]
    for label, is_open in zip(names[1:], opened, strict=True):
        runs[-1:] = [f"{runs[-1]}-{label}"] if is_open else [runs[-1], label]
    return " | ".join(runs)


def _wall_guess(maze: Maze, voice: Voice) -> str:
    """A path through an overlooked wall that would be shorter, and its correction; empty where there is none."""
    from_start, from_goal = maze.distances(maze.start), maze.distances(maze.goal)
    best = from_start[maze.goal]
    walls = [
        (a, b)
        for a in from_start
        for b in maze.beside(a)
        if not maze.joined(a, b) and from_start[a] + 1 + from_goal[b] < best and from_start[a] > 0
    ]
    if not walls:
        return ""
    a, b = voice.rng.choice(walls)
    path = [*maze.path(maze.start, a), *maze.path(b, maze.goal)]
    return voice.say(
        (
            "At first sight there is a way of {n} moves: {way}. Wait, let me look at the image again between {a} and "
            "{b}: there is a wall. So this way is blocked and {n} is not the answer.",
            "My eye finds {way}, which would be {n} moves. But the step from {a} to {b} goes through a wall, as my "
            "list shows, too. That guess is wrong.",
            "A quick guess: {way}, so {n}? Wait, {a} and {b} are not open to each other. I have to drop this and be "
            "more careful.",
        ),
        n=len(path) - 1,
        way=_corners(path),
        a=cell_name(a),
        b=cell_name(b),
    )


def _door_guess(maze: Maze, voice: Voice) -> str:
    """The path through the locked door, and its correction; empty where that path is not tempting."""
    path = maze.path(maze.start, maze.goal)
    if maze.door not in path or len(path) >= len(maze.best()):
        return ""
    return voice.say(
        (
            "The way that strikes the eye is {way}, {n} moves. Wait, it enters {d}, the door, and I would not have the "
            "key by then. So {n} is too good to be true.",
            "Ignoring the door, {way} takes {n} moves. But D at {d} is locked as long as I have not been at K, and "
            "this way does not pass K. I need to think more.",
        ),
        way=_corners(path),
        n=len(path) - 1,
        d=cell_name(maze.door),
    )


def _way_back(voice: Voice, path: list[Cell]) -> str:
    return voice.say(
        (
            "Following the numbers back: {back}. That is {n} moves.",
            "The way itself, backwards: {back}, so {n} moves.",
            "Going back down from {n}, I pass {back}.",
        ),
        back=", ".join(cell_name(cell) for cell in reversed(path)),
        n=len(path) - 1,
    )


def _corners(path: list[Cell]) -> str:
    """A path by its ends and the cells where it turns."""
    turns = [path[0]]
    headings = directions(path)
    turns += [path[i] for i in range(1, len(headings)) if headings[i] != headings[i - 1]]
    return " - ".join(cell_name(cell) for cell in [*turns, path[-1]])
