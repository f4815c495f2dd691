"""The text of the proofs: a balance of the colour, the walk undone, the visits of every cell."""

from __future__ import annotations

from collections.abc import Iterator

from s1m.synthetic.longvision.grids.plan import HEADINGS, Floor, Move, walk
from s1m.synthetic.longvision.grids.words import STEPS_A_PARAGRAPH, count, turning
from s1m.synthetic.voice import DOUBTS, LOOKS, Voice, cell_name, listed

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
    """A balance of the colour, the visits of every cell, the walk undone step by move."""
    moves, cells = walk(floor)
    yield "\n\n".join(_balance(floor, voice, moves))
    yield "\n\n".join(_undo(floor, voice, moves))
    yield "\n\n".join(_visits(floor, voice, moves, cells))


def _balance(floor: Floor, voice: Voice, moves: list[Move]) -> Iterator[str]:
    """The count of the colour at the start, minus the steps that remove one, plus those that add one."""
    asked = floor.colours[floor.asked]
    source = floor.paints.index(floor.asked)
    removed = [n + 1 for n, move in enumerate(moves) if move.colour == floor.asked]
    added = [n + 1 for n, move in enumerate(moves) if move.colour == source]
    before = sum(row.count(floor.asked) for row in floor.cells)
    yield (
        f"{voice.say(DOUBTS)} The number of {asked} cells can be had from a balance. A step that begins on {asked} "
        f"takes one away, a step that begins on {floor.colours[source]} makes one. At first, in the picture: "
        + " ".join(count(floor.cells, floor.asked, voice))
    )
    yield (
        f"Steps that began on {asked}: {_numbers(removed)}. Steps that began on {floor.colours[source]}: "
        f"{_numbers(added)}. The balance is {before} - {len(removed)} + {len(added)} = "
        f"{before - len(removed) + len(added)}, as counted."
    )


def _numbers(numbers: list[int]) -> str:
    return f"{', '.join(map(str, numbers))}, that is {len(numbers)}" if numbers else "none"


def _visits(floor: Floor, voice: Voice, moves: list[Move], cells: list[list[int]]) -> Iterator[str]:
    """The final colour of every cell, from how often the robot left it."""
    yield (
        f"{voice.say(DOUBTS)} The order of the steps does not matter for the colours, only how often each cell was "
        "left. So I follow every painted cell on its own."
    )
    for r in range(floor.rows):
        chains = []
        for c in range(floor.columns):
            times = sum(move.cell == (r, c) for move in moves)
            if not times:
                continue
            colour = floor.cells[r][c]
            chain = [floor.colours[colour]]
            for _ in range(times):
                colour = floor.paints[colour]
                chain.append(floor.colours[colour])
            chains.append(voice.say(VISITS, cell=cell_name((r, c)), chain=" to ".join(chain)))
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
    untouched = [r for r in range(floor.rows) if all(move.cell[0] != r for move in moves)]
    if untouched:
        kept = sum(floor.cells[r].count(floor.asked) for r in untouched)
        rows = listed([f"row {r + 1}" for r in untouched])
        yield f"No step began in {rows}, where {kept} are {floor.colours[floor.asked]}."
    yield f"The rows add up to {total} once more."


def _undo(floor: Floor, voice: Voice, moves: list[Move]) -> Iterator[str]:
    """The walk backwards: every move can be undone, because every colour is painted over exactly one other."""
    origins = "; ".join(
        f"{floor.colours[paint]} from {colour}" for colour, paint in zip(floor.colours, floor.paints, strict=True)
    )
    yield (
        f"{voice.say(LOOKS)} If all steps were right, undoing them must lead back to it. Each colour can only have "
        f"come from one other: {origins}. At the end the robot is on {cell_name(moves[-1].to)}, looking "
        f"{HEADINGS[moves[-1].heading]}."
    )
    lines: list[str] = []
    for number in range(len(moves), 0, -1):
        move = moves[number - 1]
        lines.append(
            voice.say(
                UNDOS,
                n=number,
                cell=cell_name(move.cell),
                to=cell_name(move.to),
                colour=floor.colours[move.colour],
                paint=floor.colours[floor.paints[move.colour]],
                turn=turning(floor.turns[move.colour]),
                look=HEADINGS[move.heading],
                before=HEADINGS[move.before],
            )
        )
        if len(lines) == STEPS_A_PARAGRAPH + 1:
            yield " ".join(lines)
            lines = []
    yield " ".join(
        [*lines, f"I am back on {cell_name(floor.start)}, looking {HEADINGS[floor.heading]}, as the picture has it."]
    )
