"""What somebody says who solves a maze: everything in it is worked out on the maze while it is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from s1m.synthetic.longvision.mazes.plan import Cell, Maze
from s1m.synthetic.longvision.voice import Voice, counted, listed

WAVES_A_PARAGRAPH = 7

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
WAVES = (
    "{d}: {news}.",
    "Wave {d} brings {news}.",
    "Distance {d}: {news}.",
    "At {d} come {news}.",
    "Number {d} goes to {news}.",
    "With {d} I get to {news}.",
    "{d} for {news}.",
    "Next, {d}: {news}.",
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


def name(cell: Cell) -> str:
    """A cell as the picture's margins name it: column letter, row number."""
    return f"{chr(65 + cell[1])}{cell[0] + 1}"


def solve(maze: Maze, voice: Voice) -> Iterator[str]:
    """The reading, a first guess that fails, the search, the way back."""
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
            s=name(maze.start),
        )
        yield from search(maze, voice, maze.start, [maze.goal], None)
        yield _way_back(voice, maze.way(maze.start, maze.goal))
        return
    yield from _solve_with_key(maze, voice)


def _solve_with_key(maze: Maze, voice: Voice) -> Iterator[str]:
    assert maze.key
    assert maze.door
    door, key = name(maze.door), name(maze.key)
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
    first, direct = maze.way(maze.start, maze.key, maze.door), maze.way(maze.start, maze.goal, maze.door)
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
    second = maze.way(maze.key, maze.goal)
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
    marks = f"S is on {name(maze.start)} and G on {name(maze.goal)}"
    if maze.key and maze.door:
        marks += f"; the key K lies on {name(maze.key)}, the door D is {name(maze.door)}"
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
    """A way through a wall that was overlooked, found out while walking it."""
    before, behind = _distances(maze, maze.start), _distances(maze, maze.goal)
    best = before[maze.goal]
    walls = [
        (a, b)
        for a in before
        for b in maze.beside(a)
        if not maze.joined(a, b) and before[a] + 1 + behind[b] < best and before[a] > 0
    ]
    if not walls:
        return ""
    a, b = voice.rng.choice(walls)
    way = [*maze.way(maze.start, a), *maze.way(b, maze.goal)]
    return voice.say(
        (
            "At first sight there is a way of {n} moves: {way}. Wait, let me look at the image again between {a} and "
            "{b}: there is a wall. So this way is blocked and {n} is not the answer.",
            "My eye finds {way}, which would be {n} moves. But the step from {a} to {b} goes through a wall, as my "
            "list shows, too. That guess is wrong.",
            "A quick guess: {way}, so {n}? Wait, {a} and {b} are not open to each other. I have to drop this and be "
            "more careful.",
        ),
        n=len(way) - 1,
        way=_corners(way),
        a=name(a),
        b=name(b),
    )


def _door_guess(maze: Maze, voice: Voice) -> str:
    """The way straight through the door, as if it were open."""
    way = maze.way(maze.start, maze.goal)
    if maze.door not in way or len(way) >= len(maze.best()):
        return ""
    return voice.say(
        (
            "The way that strikes the eye is {way}, {n} moves. Wait, it enters {d}, the door, and I would not have the "
            "key by then. So {n} is too good to be true.",
            "Ignoring the door, {way} takes {n} moves. But D at {d} is locked as long as I have not been at K, and "
            "this way does not pass K. I need to think more.",
        ),
        way=_corners(way),
        n=len(way) - 1,
        d=name(maze.door),
    )


def _distances(maze: Maze, start: Cell) -> dict[Cell, int]:
    moves: dict[Cell, int] = {}
    for cell, came in maze.waves(start).items():
        moves[cell] = moves[came] + 1 if came else 0
    return moves


def search(maze: Maze, voice: Voice, start: Cell, goals: list[Cell], shut: Cell | None) -> Iterator[str]:
    """The waves of a search until all goals have their number, or nothing is left."""
    came = maze.waves(start, shut)
    moves: dict[Cell, int] = {}
    for cell, parent in came.items():
        moves[cell] = moves[parent] + 1 if parent else 0
    far = max((moves[goal] for goal in goals if goal in moves), default=0)
    if any(goal not in moves for goal in goals):
        far = max(moves.values())
    waves: list[list[Cell]] = [[] for _ in range(far + 1)]
    for cell, number in moves.items():
        if number <= far:
            waves[number].append(cell)
    leads = {parent for cell, parent in came.items() if moves[cell] <= far}
    lines: list[str] = []
    number = 1
    while number <= far:
        alone = number
        while alone <= far and len(waves[alone]) == len(waves[alone - 1]) == 1:
            alone += 1
        if alone - number > 1:
            cells = [f"{name(waves[n][0])} = {n}" for n in range(number, alone)]
            lines.append(voice.say(CORRIDORS, cells=listed(cells, "then")))
            number = alone
        else:
            lines.append(_wave(voice, number, waves[number], came))
            stuck = [name(cell) for cell in waves[number] if cell not in leads]
            if stuck and number < far:
                lines[-1] += voice.say(ENDS, cells=listed(stuck))
            number += 1
        if len(lines) >= WAVES_A_PARAGRAPH:
            yield " ".join(lines)
            lines = []
    found = [f"{name(goal)} has {moves[goal]}" for goal in goals if goal in moves]
    lines.append(f"By this count {listed(found)}." if found else "That was everything.")
    yield " ".join(lines)


def _wave(voice: Voice, number: int, cells: list[Cell], came: dict[Cell, Cell | None]) -> str:
    """One wave, each cell with where it is reached from."""
    news = []
    for parent, group in groupby(cells, key=lambda cell: came[cell]):
        assert parent
        names = listed([name(cell) for cell in group])
        news.append(
            voice.say(("{new} from {old}", "{new} behind {old}", "{new} (by {old})"), new=names, old=name(parent))
        )
    return voice.say(WAVES, d=number, news="; ".join(news))


def _way_back(voice: Voice, way: list[Cell]) -> str:
    return voice.say(
        (
            "Following the numbers back: {back}. That is {n} moves.",
            "The way itself, backwards: {back}, so {n} moves.",
            "Going back down from {n}, I pass {back}.",
        ),
        back=", ".join(name(cell) for cell in reversed(way)),
        n=len(way) - 1,
    )


def directions(way: list[Cell]) -> list[str]:
    """The direction of each move of a way."""
    words = {(0, 1): "right", (1, 0): "down", (0, -1): "left", (-1, 0): "up"}
    return [words[b[0] - a[0], b[1] - a[1]] for a, b in pairwise(way)]


def _corners(way: list[Cell]) -> str:
    """A way by its ends and the cells where it turns."""
    turns = [way[0]]
    headings = directions(way)
    turns += [way[i] for i in range(1, len(headings)) if headings[i] != headings[i - 1]]
    return " - ".join(name(cell) for cell in [*turns, way[-1]])
