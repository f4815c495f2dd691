"""Areas of polygons whose corners lie on the crossings of squared paper.

The trace reads the corners, applies the shoelace formula and proves it by trapezoids, by Pick's theorem (G. Pick, 1899)
and by triangles from one corner. ``check.area`` instead measures the polygon's width halfway between the lines.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from s1m.synthetic.drawing import COLOURS, INK, MUTED, RULE, png, sheet, write
from s1m.synthetic.longvision.polygons import check, words
from s1m.synthetic.longvision.polygons.plan import LABELS, Point, Polygon, twice_area
from s1m.synthetic.voice import Voice

TOKENS_A_CORNER = 150
"""Proofs included, so that traces come near the length drawn."""
APART = 1.9
"""Least distance between neighbouring corners, in squares: their letters must not overlap."""
MARGIN = 44
"""Pixels."""


class Polygons:
    """The area of a polygon drawn on squared paper."""

    name = "polygon"
    family = "geometry"
    lengths = (700, 6_000)

    def plan(self, rng: random.Random, tokens: int) -> Polygon:
        """A polygon of as many corners as the length needs, whose area is a whole number."""
        many = min(len(LABELS), max(4, round(tokens / TOKENS_A_CORNER)))
        side = min(34, max(9, many + rng.randint(3, 6)))
        while True:
            corners = _corners(rng, many, side)
            closes = bool(corners) and math.dist(corners[0], corners[-1]) >= APART and not _flat(corners)
            # Drawn again until it fits: every other area ends in a half, and some corners come too close or lie flat.
            if closes and twice_area(corners) % 2 == 0:
                return Polygon(corners=tuple(corners), side=side)

    def question(self, plan: Polygon) -> str:  # noqa: ARG002
        return (
            "The picture shows a polygon on squared paper; every corner lies on a crossing of the lines, and the "
            "numbers along the edges are coordinates. What is the area of the polygon, in squares of the paper? Answer "
            "with an integer."
        )

    def answer(self, plan: Polygon) -> int:
        return abs(twice_area(plan.corners)) // 2

    def check(self, plan: Polygon) -> int:
        return check.area(plan.corners)

    def size(self, plan: Polygon) -> tuple[int, int]:
        side = plan.side * _square(plan) + 2 * MARGIN
        return side, side

    def draw(self, plan: Polygon) -> bytes:
        """Squared paper with coordinates, the polygon, a letter outside each corner."""
        image, pen = sheet(*self.size(plan))
        square = _square(plan)
        low, high = MARGIN, MARGIN + plan.side * square

        def pixel(point: Point) -> tuple[float, float]:
            return MARGIN + point[0] * square, high - point[1] * square

        pen.polygon([pixel(corner) for corner in plan.corners], fill="#d6e9f5")
        for line in range(plan.side + 1):
            at = MARGIN + line * square
            strong = line % 5 == 0
            pen.line((at, low, at, high), fill="#b9c0c7" if strong else RULE, width=2 if strong else 1)
            pen.line((low, at, high, at), fill=RULE, width=1)
        for line in range(0, plan.side + 1, 5):
            pen.line((low, high - line * square, high, high - line * square), fill="#b9c0c7", width=2)
        for line in range(plan.side + 1):
            size = 15 if line % 5 == 0 else 12
            write(pen, (MARGIN + line * square, high + 18), str(line), size, MUTED)
            write(pen, (MARGIN - 18, high - line * square), str(line), size, MUTED)
        pen.line([pixel(corner) for corner in (*plan.corners, plan.corners[0])], fill=COLOURS["blue"], width=3)
        # Not strict: there are more labels than corners.
        for label, corner in zip(LABELS, plan.corners, strict=False):
            x, y = pixel(corner)
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=INK)
            heading = _heading(corner, plan.side)
            spot = (x + 15 * math.cos(heading), y - 15 * math.sin(heading))
            pen.ellipse((spot[0] - 8, spot[1] - 8, spot[0] + 8, spot[1] + 8), fill="#ffffff")
            write(pen, spot, label, 16)
        return png(image)

    def solve(self, plan: Polygon, voice: Voice) -> Iterator[str]:
        """The reading of the corners with one slip, the shoelace formula."""
        return words.solve(plan, voice)

    def proofs(self, plan: Polygon, voice: Voice) -> Iterator[str]:
        """Trapezoids, Pick's theorem, triangles from one corner."""
        return words.proofs(plan, voice)


def _corners(rng: random.Random, many: int, side: int) -> list[Point]:
    """Corners all around the middle, each at least ``APART`` from the one before; empty where that did not work out.

    Each corner has a sector of its own and their headings increase, so no two sides cross.
    """
    corners: list[Point] = []
    for number in range(many):
        for _ in range(40):
            heading = (number + rng.uniform(0.1, 0.9)) * 2 * math.pi / many - math.pi
            radius = side / 2 * rng.uniform(0.5, 0.98)
            corner = round(side / 2 + radius * math.cos(heading)), round(side / 2 + radius * math.sin(heading))
            last = corners[-1] if corners else None
            if last is None or (_heading(corner, side) > _heading(last, side) and math.dist(corner, last) >= APART):
                corners.append(corner)
                break
        else:
            return []
    return corners


def _flat(corners: list[Point]) -> bool:
    """Whether some corner lies on the straight line between its neighbours, so that the picture does not show it."""
    before, after = corners[-1:] + corners[:-1], corners[1:] + corners[:1]
    return any(
        (x - a) * (v - y) == (y - b) * (u - x) for (a, b), (x, y), (u, v) in zip(before, corners, after, strict=True)
    )


def _heading(corner: Point, side: int) -> float:
    """The direction of a corner in radians, seen from beside the middle: from a crossing it could be undefined."""
    return math.atan2(corner[1] - side / 2 - 0.013, corner[0] - side / 2 - 0.017)


def _square(plan: Polygon) -> int:
    return 34 if plan.side <= 14 else 28
