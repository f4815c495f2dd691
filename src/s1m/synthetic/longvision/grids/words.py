"""The text of a solution: every move of the robot is computed as its sentence is written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from s1m.synthetic.longvision.grids.plan import HEADINGS, Cell, Floor, Move, walk
from s1m.synthetic.voice import Voice, cell_name, counted, listed

STEPS_A_PARAGRAPH = 6
REST_EVERY = 24

STEPS = (
    "{n}. {cell} is {colour}{since}: {turn}, now looking {look}; it becomes {paint}, and I move to {to}.",
    "Step {n}: on {cell} ({colour}{since}) I make the turn, {turn}, face {look}, paint {paint} and reach {to}.",
    "{cell} shows {colour}{since}, which means {turn}, so {look}; with {paint} left behind, step {n} ends on {to}.",
    "Step {n}, {colour} under me at {cell}{since}. Rule: {turn}. Heading {look}, the cell turns {paint}, next {to}.",
    "For step {n} the floor at {cell} is {colour}{since}; {turn} gives {look}. Paint it {paint}, go to {to}.",
    "{n}: {cell} {colour}{since}, {turn}, {look}, {paint}, {to}.",
    "The robot on {cell} sees {colour}{since} and does this: {turn}. Facing {look} it leaves {paint} and takes step "
    "{n} to {to}.",
    "Then {cell}, {colour}{since}. By the rule {turn}; {look} it is. {cell} := {paint}. Step {n} leads to {to}.",
    "In step {n} I find {colour} on {cell}{since}. That is {turn} (so {look}), {paint} on the floor, forward to {to}.",
    "Since {cell} is {colour}{since}, {turn}: {look}. It gets {paint}; {n} steps done, standing on {to}.",
)
FLOOR_ROWS = (
    "Row {r}: {runs}.",
    "Row {r} has {runs}.",
    "In row {r} there are {runs}.",
    "Then, for row {r}, {runs}.",
    "{runs} fill row {r}.",
)
COUNTS = (
    "Row {r} has {n} ({cells}), {sum} so far.",
    "In row {r} they are at {cells}: {n}, together {sum}.",
    "Row {r}: {cells}, which is {n} more, {sum}.",
    "{cells} in row {r} bring it to {sum}.",
    "With {n} in row {r} ({cells}) I am at {sum}.",
)


def turning(turn: str) -> str:
    """A turn in words, as the picture's rules write it."""
    return {"straight": "no turn", "around": "turn around"}.get(turn, f"turn {turn}")


def solve(floor: Floor, voice: Voice) -> Iterator[str]:
    """The reading of floor and rules, the steps with one slip, the count."""
    rules = [
        f"on {colour} {turning(turn)} and paint {floor.colours[paint]}"
        for colour, turn, paint in zip(floor.colours, floor.turns, floor.paints, strict=True)
    ]
    yield voice.say(
        (
            "The rules under the floor say: {rules}. The arrow is on {start} and points {look}.",
            "The robot begins on {start}, looking {look}. Its rules: {rules}.",
        ),
        rules="; ".join(rules),
        start=cell_name(floor.start),
        look=HEADINGS[floor.heading],
    )
    yield _read(floor, voice)
    moves, cells = walk(floor)
    yield from _walk(floor, voice, moves)
    asked = floor.colours[floor.asked]
    lines = [
        voice.say(
            (
                "The walk is over. Which cells are {asked} now?",
                "That was the last step, and I count the {asked} cells row by row.",
                "Now the {asked} cells, with everything that has been painted taken into account.",
            ),
            asked=asked,
        )
    ]
    lines += count(cells, floor.asked, voice)
    yield " ".join(lines)


def _read(floor: Floor, voice: Voice) -> str:
    lines = [
        voice.say(
            (
                "The floor has {r} rows and columns A to {z}. From left to right:",
                "I read the {r} rows of the floor, columns A to {z}.",
            ),
            r=floor.rows,
            z=chr(64 + floor.columns),
        )
    ]
    for r, row in enumerate(floor.cells):
        lines.append(voice.say(FLOOR_ROWS, r=r + 1, runs=_runs([floor.colours[colour] for colour in row], "A")))
    return "\n".join(lines)


def _runs(colours: list[str], first: str) -> str:
    """``A-C blue, D green``."""
    parts = []
    at = ord(first)
    for colour, group in groupby(colours):
        many = len(list(group))
        parts.append(f"{chr(at)}{f'-{chr(at + many - 1)}' if many > 1 else ''} {colour}")
        at += many
    return ", ".join(parts)


def _walk(floor: Floor, voice: Voice, moves: list[Move]) -> Iterator[str]:
    slip = voice.rng.randrange(floor.steps // 3, floor.steps - 3) if floor.steps > 7 else None
    painted: dict[Cell, int] = {}
    lines: list[str] = []
    for number, move in enumerate(moves):
        if number == slip:
            yield " ".join(lines)
            yield _slip(floor, voice, number, painted)
            lines = []
        lines.append(_step(floor, voice, number, move, painted))
        painted[move.cell] = number
        if len(lines) == STEPS_A_PARAGRAPH:
            yield " ".join(lines)
            lines = []
        if (number + 1) % REST_EVERY == 0 and number + 1 < len(moves):
            yield " ".join([*lines, _rest(number + 1, move, len(painted), voice)])
            lines = []
    if lines:
        yield " ".join(lines)


def _step(floor: Floor, voice: Voice, number: int, move: Move, painted: dict[Cell, int]) -> str:
    since = f" since step {painted[move.cell] + 1}" if move.cell in painted else ""
    return voice.say(
        STEPS,
        n=number + 1,
        cell=cell_name(move.cell),
        colour=floor.colours[move.colour],
        since=since,
        turn=turning(floor.turns[move.colour]),
        look=HEADINGS[move.heading],
        paint=floor.colours[floor.paints[move.colour]],
        to=_arrival(move),
    )


def _arrival(move: Move) -> str:
    """The cell that a move reaches, and a mention of the edge where it crosses one."""
    wraps = abs(move.cell[0] - move.to[0]) + abs(move.cell[1] - move.to[1]) > 1
    return f"{cell_name(move.to)} across the edge" if wraps else cell_name(move.to)


def _slip(floor: Floor, voice: Voice, number: int, painted: dict[Cell, int]) -> str:
    """A few steps from a misread colour, and their correction."""
    last = min(floor.steps, number + voice.rng.randint(1, 3))
    wrong, _ = walk(floor, last, misread=number)
    repainted = dict(painted)
    lines = []
    for n in range(number, last):
        lines.append(
            _step(
                floor,
                voice,
                n,
                wrong[n],
                {c: k for c, k in repainted.items() if n > number or c != wrong[n].cell},
            )
        )
        repainted[wrong[n].cell] = n
    cell = wrong[number].cell
    right = walk(floor, number + 1)[0][number].colour
    why = f"it has been that since step {painted[cell] + 1}" if cell in painted else "the picture shows it so"
    lines.append(
        voice.say(
            (
                "Wait, I took {cell} for {wrong}. It is {right}: {why}. What I did from step {n} on is void; I go back "
                "to {cell}, looking {look}.",
                "Wait, did I make a mistake? {cell} is {right} ({why}), not {wrong}. So from step {n} on I do it "
                "again, standing on {cell} and looking {look}.",
                "Let me compare this with what I have: {cell} must be {right}, as {why}, and I said {wrong}. Back to "
                "{cell}, heading {look}, and step {n} anew.",
            ),
            cell=cell_name(cell),
            wrong=floor.colours[wrong[number].colour],
            right=floor.colours[right],
            why=why,
            n=number + 1,
            look=HEADINGS[wrong[number].before],
        )
    )
    return " ".join(lines)


def _rest(steps: int, move: Move, cells: int, voice: Voice) -> str:
    return voice.say(
        (
            "So after {n} steps the robot is on {to} and looks {look}; it has painted {cells} so far.",
            "A rest at {n} steps: {cells} painted at least once, robot on {to}, heading {look}.",
            "Where am I? {n} steps, {to}, {look}. Touched: {cells}.",
        ),
        n=steps,
        to=cell_name(move.to),
        look=HEADINGS[move.heading],
        cells=counted(cells, "different cell"),
    )


def count(cells: list[list[int]] | tuple[tuple[int, ...], ...], colour: int, voice: Voice) -> list[str]:
    """The cells of a colour, row by row, with a running total."""
    lines = []
    total = 0
    for r, row in enumerate(cells):
        columns = [chr(65 + c) for c, other in enumerate(row) if other == colour]
        total += len(columns)
        if columns:
            lines.append(voice.say(COUNTS, r=r + 1, n=len(columns), cells=listed(columns), sum=total))
        else:
            lines.append(voice.say(("Row {r} has none.", "None in row {r}.", "Row {r} without any."), r=r + 1))
    return [*lines, f"In all {total}."]
