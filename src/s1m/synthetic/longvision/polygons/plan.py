"""A polygon on squared paper: its corners, their letters, its area."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int]
"""x to the right, y upwards, from 0."""

LABELS = "ABCDEFGHJKLMNPQRSTUVWXYZabdefghjmnqrty"
"""Without letters that are easily mistaken for others, such as I, O and l."""


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """Corners in anticlockwise order, on a sheet of ``side`` times ``side`` squares."""

    corners: tuple[Point, ...]
    side: int


def twice_area(corners: tuple[Point, ...] | list[Point]) -> int:
    """Twice the area, positive anticlockwise, by the shoelace formula."""
    return sum(x * v - u * y for (x, y), (u, v) in zip(corners, [*corners[1:], corners[0]], strict=True))
