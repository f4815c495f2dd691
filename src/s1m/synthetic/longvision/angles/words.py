"""The text of a solution and its proofs: each angle is computed from the one before as its sentence is written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from s1m.synthetic.longvision.angles.plan import LABELS, Zigzag, corner_angles
from s1m.synthetic.voice import DOUBTS, LOOKS, Voice, counted, listed

ALTERNATES = (
    "{p}{c} crosses both lines, so the angle that it makes with the line behind {c} is {a}, like the one at {p}.",
    "Alternate angles on {p}{c}: at {c} the angle on the near side is {a} again.",
    "Because the lines are parallel, {a} at {p} comes back at {c} on the other side of {p}{c}.",
    "From {p} to {c} the angle {a} is handed on, as alternate angles are equal.",
    "The segment {p}{c} meets both parallels at {a}.",
    "{a} at {p} means {a} at {c}, Z-shaped.",
)
FACTS = {
    "angle": (
        "The corner itself is {g}. Left over: 180 - {a} - {g} = {r}.",
        "With {g} written at {c}, the line leaves 180 - {a} - {g} = {r}.",
        "{a} + {g} = {ag}, and {r} is missing to 180.",
        "Take away {g} as well, and of 180 there remain {r}.",
    ),
    "right": (
        "There is a right angle at {c}, so 180 - {a} - 90 = {r} remain.",
        "The small square says 90; {a} and the rest share the other 90, hence {r}.",
        "90 at {c} by the mark. 90 - {a} = {r}.",
    ),
    "equal": (
        "{p}{c} and {c}{n} bear the same strokes. In the isosceles triangle {p}{c}{n} the angles at {p} and {n} are "
        "equal, both {a}, so the rest at {c} is {r} and the corner 180 - 2*{a} = {g}.",
        "Equal strokes on {p}{c} and {c}{n}: the triangle {p}{c}{n} has equal base angles, {a} each. So {c} has {g} "
        "inside and leaves {r}.",
        "{c}{p} = {c}{n} by the strokes, hence the angle behind {c} is {r} like the one before it, with {g} between.",
    ),
    "times": (
        "Marked t: {a} + {k}t + t = 180, so {m}t = {rest} and t = {r}; the corner has {g}.",
        "The two angles marked with t share 180 - {a} = {rest}. That is {m}t, t = {r}, and {c} itself {g}.",
        "{rest} are left at {c} for {m} parts t: each {r}, the corner {g}.",
    ),
}
READS = {
    "angle": ("{c} has {g}°", "at {c} stands {g}°", "{g}° is written at {c}", "{c}: {g}°"),
    "right": ("a right angle at {c}", "{c} bears the small square"),
    "equal": (
        "equal strokes on {p}{c} and {c}{n}",
        "{p}{c} and {c}{n} are marked equal",
        "the strokes say {p}{c} = {c}{n}",
    ),
    "times": ("at {c} the corner is {kt} and the angle behind it t", "{c} is split into {kt} and t"),
}
TRIANGLES = (
    "{p}{c}{n}: {a} + {g} + {r} = 180.",
    "Triangle {p}{c}{n} has {a}, {g} and {r}, which is 180.",
    "In {p}{c}{n} I add {a} and {r} to {g}, 180.",
    "{a}, {g}, {r} for {p}{c}{n}: sum 180.",
    "At {c}, {g} and the base angles {a}, {r} of {p}{c}{n} make 180.",
)
BACKS = (
    "At {c} {r} and the corner {g} leave 180 - {r} - {g} = {a} on the side of {p}.",
    "{r} + {g} = {rg}, so before {c} it must have been {a}.",
    "One corner back, {c}: {a} is what {g} and {r} leave of 180.",
    "{c} gives {a}, the rest to 180 of {rg}.",
)
TURNS = (
    "at {c} by 180 - {g} = {t}, to {h}",
    "{c}: {t} (180 less {g}), heading {h}",
    "{t} at {c}, where {g} is inside, so {h}",
    "then {t} at {c}, now {h}",
)


def _corner_values(plan: Zigzag) -> list[dict[str, object]]:
    """The values that the phrasings are filled in with, for each inner corner."""
    rows: list[dict[str, object]] = []
    for number, ((kind, k), (a, g, r)) in enumerate(zip(plan.known, corner_angles(plan), strict=True), 1):
        rows.append({
            "kind": kind, "p": LABELS[number - 1], "c": LABELS[number], "n": LABELS[number + 1], "a": a, "g": g, "r": r,
            "k": k if k > 1 else "", "kt": f"{k}t" if k > 1 else "t", "m": k + 1, "ag": a + g, "rg": r + g,
            "rest": 180 - a,
        })  # fmt: skip
    return rows


def solve(plan: Zigzag, voice: Voice) -> Iterator[str]:
    """The reading of the marks, the angles from corner to corner with one slip."""
    rows = _corner_values(plan)
    end = rows[-1]["n"]
    marks = [voice.say(READS[str(row["kind"])], **row) for row in rows]
    yield (
        f"The zigzag has the corners A to {end}, every other one on the upper line. At A the angle between the line "
        f"and AB is {plan.first}°. The marks in between: {'; '.join(marks)}. The angle x is at {end}, between "
        f"{rows[-1]['c']}{end} and the line on the near side."
    )
    slip = voice.rng.randrange(len(rows))
    for number, row in enumerate(rows):
        text = voice.say(ALTERNATES, **row)
        if number == slip and row["kind"] != "equal":
            text += " " + _slip(row, voice)
        yield f"{text} {voice.say(FACTS[str(row['kind'])], **row)}"
    yield f"At {end} the alternate angle of {rows[-1]['r']} is x. So x = {rows[-1]['r']}."


def _slip(row: dict[str, object], voice: Voice) -> str:
    """One of the three angles is forgotten and then remembered."""
    return voice.say(
        (
            "Then the rest at {c} is 180 - {a} = {rest}. Wait, that takes the corner itself as nothing; three angles "
            "share the line at {c}, not two.",
            "So {rest} would be what {a} leaves of 180 at {c}. Maybe I made a mistake. Yes: between the two segments "
            "there is an angle, too.",
        ),
        **row,
    )


def proofs(plan: Zigzag, voice: Voice) -> Iterator[str]:
    """Sums of angles in triangles, the way back, directions."""
    rows = _corner_values(plan)
    lines = [voice.say(TRIANGLES, **row) for row in rows]
    yield (
        f"{voice.say(DOUBTS)} Three corners in a row make a triangle with its base on one of the lines, so the angles "
        f"that I found must add up to 180 there. {' '.join(lines)} All {counted(len(rows), 'triangle')} are right."
    )
    lines = [voice.say(BACKS, **row) for row in reversed(rows)]
    yield (
        f"{voice.say(LOOKS)} I go backwards, from x = {rows[-1]['r']} at {rows[-1]['n']}. {' '.join(lines)} At A the "
        f"picture has {plan.first}, and that is where I end."
    )
    yield _turning(plan, voice, rows)


def _turning(plan: Zigzag, voice: Voice, rows: list[dict[str, object]]) -> str:
    """Headings against the lines: at every corner the walk turns by 180 minus the angle, alternately right and left."""
    inner = [int(str(row["g"])) for row in rows]
    signs = [-1 if number % 2 == 0 else 1 for number in range(len(inner))]
    headings = list(accumulate((sign * (180 - g) for sign, g in zip(signs, inner, strict=True)), initial=plan.first))[
        1:
    ]
    steps = [
        voice.say(TURNS, c=row["c"], g=g, t=180 - g, h=heading)
        for row, g, heading in zip(rows, inner, headings, strict=True)
    ]
    x = abs(headings[-1])
    marks = listed([f"{row['c']} {row['g']}" for row in rows])
    return (
        f"{voice.say(DOUBTS)} Think of walking along the zigzag. AB climbs by {plan.first} degrees. The corners are "
        f"{marks}, and I turn right at the upper ones (minus) and left at the lower ones: {'; '.join(steps)}. The last "
        f"segment leans by {x} against the lines, and that is x."
    )
