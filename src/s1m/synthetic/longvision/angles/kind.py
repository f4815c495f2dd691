"""Angle chasing along a zigzag between two parallel lines: a few angles are given, the last one is asked.

At each corner three angles add up to 180 degrees, and the next corner has an alternate angle. A corner is given by its
angle, by a right angle, by equal sides, or as a multiple of its neighbour. ``check.zigzag`` instead turns directions in
the complex plane.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

from s1m.synthetic.drawing import COLOURS, INK, MUTED, png, sheet, write
from s1m.synthetic.longvision.angles import check, words
from s1m.synthetic.longvision.angles.plan import LABELS, Zigzag, corner_angles
from s1m.synthetic.voice import Voice

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

TOKENS_A_CORNER = 122
"""Proofs included, so that traces come near the length drawn."""
HEIGHT, MARGIN = 190, 60
"""Pixels."""
FLAT, STEEP = 38, 80
"""Degrees between a segment and the lines: flatter, the picture gets too wide; steeper, corners crowd."""


class Zigzags:
    """The last angle of a zigzag drawn between two parallel lines."""

    name = "zigzag"
    family = "geometry"
    lengths = (500, 1_800)

    def plan(self, rng: random.Random, tokens: int) -> Zigzag:
        many = min(len(LABELS) - 2, max(3, round((tokens - 100) / TOKENS_A_CORNER)))
        plan = Zigzag(first=rng.randint(FLAT, STEEP), known=())
        for _ in range(many):
            before = corner_angles(plan)[-1][2] if plan.known else plan.first
            # Not twice in a row: strokes of two pairs on one segment could not be told apart.
            after_equal = bool(plan.known) and plan.known[-1][0] == "equal"
            plan = Zigzag(first=plan.first, known=(*plan.known, _fact(rng, before, after_equal)))
        return plan

    def question(self, plan: Zigzag) -> str:  # noqa: ARG002
        return (
            "In the picture the two long lines are parallel. Angles are in degrees; a small square marks a right "
            "angle, equal strokes on two segments mark equal lengths, and t stands for an angle that may differ from "
            "corner to corner. The picture is not to be measured. How many degrees is the angle x? Answer with an "
            "integer."
        )

    def answer(self, plan: Zigzag) -> int:
        """Degrees of the angle at the last corner, which is alternate to the rest at the corner before."""
        return corner_angles(plan)[-1][2]

    def check(self, plan: Zigzag) -> int:
        return check.zigzag(plan.first, plan.known)

    def size(self, plan: Zigzag) -> tuple[int, int]:
        return round(_corners(plan)[-1][0]) + 110, HEIGHT + 2 * MARGIN

    def draw(self, plan: Zigzag) -> bytes:
        """Two lines, the zigzag, and the marks of every corner."""
        image, pen = sheet(*self.size(plan))
        corners = _corners(plan)
        for line in (MARGIN, MARGIN + HEIGHT):
            pen.line((14, line, image.width - 14, line), fill=MUTED, width=2)
        pen.line(corners, fill=COLOURS["blue"], width=3, joint="curve")
        for number, (x, y) in enumerate(corners):
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=INK)
            write(pen, (x, y + (20 if number % 2 == 0 else -20)), LABELS[number], 18)
        _arc(pen, corners[0], corners[1], (corners[0][0] + 60, corners[0][1]), f"{plan.first}°")
        for number, ((kind, value), at) in enumerate(zip(plan.known, corners[1:-1], strict=True)):
            previous, following = corners[number], corners[number + 2]
            if kind == "equal":
                strokes = 1 + sum(other == "equal" for other, _ in plan.known[:number]) % 3
                for end in (previous, following):
                    _strokes(pen, at, end, strokes)
            elif kind == "right":
                _square(pen, at, previous, following)
            elif kind == "angle":
                _arc(pen, at, previous, following, f"{value}°")
            else:
                _arc(pen, at, previous, following, f"{value}t" if value > 1 else "t")
                _arc(pen, at, following, (at[0] + 60, at[1]), "t")
        last = corners[-1]
        _arc(pen, last, corners[-2], (last[0] - 60, last[1]), "x")
        return png(image)

    def solve(self, plan: Zigzag, voice: Voice) -> Iterator[str]:
        """The reading of the marks, the angles from corner to corner with one slip."""
        return words.solve(plan, voice)

    def proofs(self, plan: Zigzag, voice: Voice) -> Iterator[str]:
        """Sums of angles in triangles, the way back, directions."""
        return words.proofs(plan, voice)


def _fact(rng: random.Random, before: int, after_equal: bool) -> tuple[str, int]:
    """What is given of a corner whose alternate angle is ``before``, such that the next segment is steep enough."""
    times = [
        ("times", k) for k in (1, 2) if (180 - before) % (k + 1) == 0 and FLAT <= (180 - before) // (k + 1) <= STEEP
    ]
    right = [("right", 90)] if 90 - before >= FLAT else []
    kind = rng.random()
    if kind < 0.25 and times:
        return rng.choice(times)
    if kind < 0.4 and right:
        return right[0]
    return ("equal", 0) if kind < 0.55 and not after_equal else ("angle", 180 - before - rng.randint(FLAT, STEEP))


def _corners(plan: Zigzag) -> list[tuple[float, float]]:
    """The corners in pixels: A on the lower line, B on the upper one, and so on."""
    corners = [(70.0, float(MARGIN + HEIGHT))]
    for number, angle in enumerate([plan.first, *(after for _, _, after in corner_angles(plan))]):
        x = corners[-1][0] + HEIGHT / math.tan(math.radians(angle))
        corners.append((x, float(MARGIN if number % 2 == 0 else MARGIN + HEIGHT)))
    return corners


def _toward(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])) % 360


def _arc(
    pen: ImageDraw, at: tuple[float, float], start: tuple[float, float], end: tuple[float, float], text: str
) -> None:
    """An arc between two directions, the smaller one, with its text just outside."""
    first, second = _toward(at, start), _toward(at, end)
    if (second - first) % 360 > 180:
        first, second = second, first
    span = (second - first) % 360
    radius = 30
    pen.arc(
        (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius),
        first,
        first + span,
        fill=COLOURS["orange"],
        width=2,
    )
    middle = math.radians(first + span / 2)
    far = max(radius + 20, min(100, 24 / math.tan(math.radians(span / 2))))  # far enough out that the text fits
    write(pen, (at[0] + far * math.cos(middle), at[1] + far * math.sin(middle)), text, 17)


def _square(pen: ImageDraw, at: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> None:
    a, b = math.radians(_toward(at, start)), math.radians(_toward(at, end))
    p, q = (20 * math.cos(a), 20 * math.sin(a)), (20 * math.cos(b), 20 * math.sin(b))
    corners = [(at[0] + p[0], at[1] + p[1]), (at[0] + p[0] + q[0], at[1] + p[1] + q[1]), (at[0] + q[0], at[1] + q[1])]
    pen.line(corners, fill=COLOURS["orange"], width=2)


def _strokes(pen: ImageDraw, a: tuple[float, float], b: tuple[float, float], many: int) -> None:
    """Short strokes across a segment, nearer to ``a`` than its middle, so that two neighbours' do not meet."""
    heading = math.atan2(b[1] - a[1], b[0] - a[0])
    for number in range(many):
        along = 0.42 + 0.035 * number
        x, y = a[0] + (b[0] - a[0]) * along, a[1] + (b[1] - a[1]) * along
        dx, dy = -9 * math.sin(heading), 9 * math.cos(heading)
        pen.line((x - dx, y - dy, x + dx, y + dy), fill=COLOURS["green"], width=3)
