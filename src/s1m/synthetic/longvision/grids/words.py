"""What somebody says who walks a robot over a coloured floor: every step is taken while it is said."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from s1m.synthetic.longvision.grids.plan import HEADINGS, Cell, Floor, Step, walk
from s1m.synthetic.longvision.voice import Voice, counted, listed

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


def name(cell: Cell) -> str:
    """A cell as the picture's margins name it: column letter, row number."""
    return f"{chr(65 + cell[1])}{cell[0] + 1}"


def turning(turn: str) -> str:
    """A turn in words."""
    return {"straight": "no turn", "around": "turn around"}.get(turn, f"turn {turn}")


def solve(floor: Floor, voice: Voice) -> Iterator[str]:
    """Reading floor and rules, the steps with a slip among them, the count."""
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
        start=name(floor.start),
        look=HEADINGS[floor.heading],
    )
    yield _read(floor, voice)
    done, cells = walk(floor)
    yield from _walk(floor, voice, done)
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


def _walk(floor: Floor, voice: Voice, done: list[Step]) -> Iterator[str]:
    slip = voice.rng.randrange(floor.steps // 3, floor.steps - 3) if floor.steps > 7 else None
    painted: dict[Cell, int] = {}
    lines: list[str] = []
    for number, step in enumerate(done):
        if number == slip:
            yield " ".join(lines)
            yield _slip(floor, voice, number, painted)
            lines = []
        lines.append(_step(floor, voice, number, step, painted))
        painted[step.cell] = number
        if len(lines) == STEPS_A_PARAGRAPH:
            yield " ".join(lines)
            lines = []
        if (number + 1) % REST_EVERY == 0 and number + 1 < len(done):
            yield " ".join([*lines, _rest(number + 1, step, len(painted), voice)])
            lines = []
    if lines:
        yield " ".join(lines)


def _step(floor: Floor, voice: Voice, number: int, step: Step, painted: dict[Cell, int]) -> str:
    since = f" since step {painted[step.cell] + 1}" if step.cell in painted else ""
    return voice.say(
        STEPS,
        n=number + 1,
        cell=name(step.cell),
        colour=floor.colours[step.colour],
        since=since,
        turn=turning(floor.turns[step.colour]),
        look=HEADINGS[step.heading],
        paint=floor.colours[floor.paints[step.colour]],
        to=_arrival(step),
    )


def _arrival(step: Step) -> str:
    """Where a step leads, and that it goes over an edge where it does."""
    far = abs(step.cell[0] - step.to[0]) + abs(step.cell[1] - step.to[1]) > 1
    return f"{name(step.to)} across the edge" if far else name(step.to)


def _slip(floor: Floor, voice: Voice, number: int, painted: dict[Cell, int]) -> str:
    """Some steps from a colour that was misread, and how that is noticed."""
    last = min(floor.steps, number + voice.rng.randint(1, 3))
    wrong, _ = walk(floor, last, misread=number)
    false = dict(painted)
    lines = []
    for n in range(number, last):
        lines.append(
            _step(floor, voice, n, wrong[n], {c: k for c, k in false.items() if n > number or c != wrong[n].cell})
        )
        false[wrong[n].cell] = n
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
            cell=name(cell),
            wrong=floor.colours[wrong[number].colour],
            right=floor.colours[right],
            why=why,
            n=number + 1,
            look=HEADINGS[wrong[number].before],
        )
    )
    return " ".join(lines)


def _rest(steps: int, step: Step, cells: int, voice: Voice) -> str:
    return voice.say(
        (
            "So after {n} steps the robot is on {to} and looks {look}; it has painted {cells} so far.",
            "A rest at {n} steps: {cells} painted at least once, robot on {to}, heading {look}.",
            "Where am I? {n} steps, {to}, {look}. Touched: {cells}.",
        ),
        n=steps,
        to=name(step.to),
        look=HEADINGS[step.heading],
        cells=counted(cells, "different cell"),
    )


def count(cells: list[list[int]] | tuple[tuple[int, ...], ...], colour: int, voice: Voice) -> list[str]:
    """The cells of a colour, row by row, with a running total."""
    lines = []
    total = 0
    for r, row in enumerate(cells):
        places = [chr(65 + c) for c, other in enumerate(row) if other == colour]
        total += len(places)
        if places:
            lines.append(voice.say(COUNTS, r=r + 1, n=len(places), cells=listed(places), sum=total))
        else:
            lines.append(voice.say(("Row {r} has none.", "None in row {r}.", "Row {r} without any."), r=r + 1))
    return [*lines, f"In all {total}."]
