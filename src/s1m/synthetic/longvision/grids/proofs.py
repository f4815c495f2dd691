"""How the answer to a robot's walk is verified: a balance, every cell by itself, the walk undone."""

from __future__ import annotations

from collections.abc import Iterator

from s1m.synthetic.longvision.grids.plan import HEADINGS, Floor, Step, walk
from s1m.synthetic.longvision.grids.words import STEPS_A_PARAGRAPH, count, name, turning
from s1m.synthetic.longvision.voice import DOUBTS, LOOKS, Voice, listed

UNDOS = (
    "Undo {n}: looking {look} on {to}, it came from {cell}, now {paint}, so {colour} before; {turn} led to {look}, "
    "hence it looked {before}.",
    "Back over step {n}: behind me lies {cell}, now {paint}, painted over {colour}, and without the turn ({turn}) I "
    "face {before}.",
    "Step {n} backwards: {to} to {cell}, {paint} back to {colour}, {look} back to {before}.",
    "Before step {n} the robot stood on {cell}, where {paint} comes from {colour}, whose rule is {turn}, so the "
    "heading was {before}.",
    "{cell} is where step {n} began, so I restore {colour} from {paint} and, as that means {turn}, {before} from "
    "{look}.",
    "Taking back {n}: reverse out of {to} into {cell}; {colour} again instead of {paint}; heading {before}.",
    "From {to} one cell against {look} is {cell}, whose {paint} was {colour} ({turn}), the look {before}: step {n} "
    "undone.",
    "Now {n}. {cell}: {paint} becomes {colour}. With {turn} taken back, {look} was {before}.",
)


VISITS = (
    "{cell}: {chain}",
    "{cell} went {chain}",
    "{cell} from {chain}",
    "{cell} through {chain}",
)


def proofs(floor: Floor, voice: Voice) -> Iterator[str]:
    """A balance of the colour, the visits of every cell, the walk undone step by step."""
    done, cells = walk(floor)
    yield "\n\n".join(_balance(floor, voice, done))
    yield "\n\n".join(_undo(floor, voice, done))
    yield "\n\n".join(_visits(floor, voice, done, cells))


def _balance(floor: Floor, voice: Voice, done: list[Step]) -> Iterator[str]:
    """Count of the colour at the start, less the steps that took one away, plus those that made one."""
    asked = floor.colours[floor.asked]
    source = floor.paints.index(floor.asked)
    lost = [n + 1 for n, step in enumerate(done) if step.colour == floor.asked]
    won = [n + 1 for n, step in enumerate(done) if step.colour == source]
    before = sum(row.count(floor.asked) for row in floor.cells)
    yield (
        f"{voice.say(DOUBTS)} The number of {asked} cells can be had from a balance. A step that begins on {asked} "
        f"takes one away, a step that begins on {floor.colours[source]} makes one. At first, in the picture: "
        + " ".join(count(floor.cells, floor.asked, voice))
    )
    yield (
        f"Steps that began on {asked}: {_numbers(lost)}. Steps that began on {floor.colours[source]}: {_numbers(won)}. "
        f"The balance is {before} - {len(lost)} + {len(won)} = {before - len(lost) + len(won)}, as counted."
    )


def _numbers(numbers: list[int]) -> str:
    return f"{', '.join(map(str, numbers))}, that is {len(numbers)}" if numbers else "none"


def _visits(floor: Floor, voice: Voice, done: list[Step], cells: list[list[int]]) -> Iterator[str]:
    """What became of every cell that was stood on, by how often."""
    yield (
        f"{voice.say(DOUBTS)} The order of the steps does not matter for the colours, only how often each cell was "
        "left. So I follow every painted cell on its own."
    )
    for r in range(floor.rows):
        chains = []
        for c in range(floor.columns):
            times = sum(step.cell == (r, c) for step in done)
            if not times:
                continue
            colour = floor.cells[r][c]
            chain = [floor.colours[colour]]
            for _ in range(times):
                colour = floor.paints[colour]
                chain.append(floor.colours[colour])
            chains.append(voice.say(VISITS, cell=name((r, c)), chain=" to ".join(chain)))
        if chains:
            rest = floor.columns - len(chains)
            kept = sum(cells[r][c] == floor.asked for c in range(floor.columns))
            yield f"{'; '.join(chains)}. " + voice.say(
                (
                    "The other {rest} of row {r} stay as they were; {asked} there: {kept}.",
                    "With {rest} untouched, row {r} has {kept} {asked}.",
                    "{kept} {asked} in row {r} then, {rest} of its cells never painted.",
                ),
                rest=rest,
                r=r + 1,
                asked=floor.colours[floor.asked],
                kept=kept,
            )
    total = sum(row.count(floor.asked) for row in cells)
    quiet = [r for r in range(floor.rows) if all(step.cell[0] != r for step in done)]
    if quiet:
        kept = sum(floor.cells[r].count(floor.asked) for r in quiet)
        rows = listed([f"row {r + 1}" for r in quiet])
        yield f"No step began in {rows}, where {kept} are {floor.colours[floor.asked]}."
    yield f"The rows add up to {total} once more."


def _undo(floor: Floor, voice: Voice, done: list[Step]) -> Iterator[str]:
    """The walk backwards: every rule can be undone, because every colour is painted over one other only."""
    origins = "; ".join(
        f"{floor.colours[paint]} from {colour}" for colour, paint in zip(floor.colours, floor.paints, strict=True)
    )
    yield (
        f"{voice.say(LOOKS)} If all steps were right, undoing them must lead back to it. Each colour can only have "
        f"come from one other: {origins}. At the end the robot is on {name(done[-1].to)}, looking "
        f"{HEADINGS[done[-1].heading]}."
    )
    lines: list[str] = []
    for number in range(len(done), 0, -1):
        step = done[number - 1]
        lines.append(
            voice.say(
                UNDOS,
                n=number,
                cell=name(step.cell),
                to=name(step.to),
                colour=floor.colours[step.colour],
                paint=floor.colours[floor.paints[step.colour]],
                turn=turning(floor.turns[step.colour]),
                look=HEADINGS[step.heading],
                before=HEADINGS[step.before],
            )
        )
        if len(lines) == STEPS_A_PARAGRAPH + 1:
            yield " ".join(lines)
            lines = []
    yield " ".join(
        [*lines, f"I am back on {name(floor.start)}, looking {HEADINGS[floor.heading]}, as the picture has it."]
    )
