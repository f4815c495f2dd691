"""A polygon on squared paper: its corners, their letters, its area."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[int, int]
"""x to the right, y upwards, from 0."""

LABELS = "ABCDEFGHJKLMNPQRSTUVWXYZabdefghjmnqrty"
"""No letter that is easily taken for another one."""


@dataclass(frozen=True, kw_only=True)
class Polygon:
    """Corners in anticlockwise order, on a sheet of ``side`` times ``side`` squares."""

    corners: tuple[Point, ...]
    side: int


def twice_area(corners: tuple[Point, ...] | list[Point]) -> int:
    """Twice the area, positive anticlockwise: the shoelace formula."""
    return sum(x * v - u * y for (x, y), (u, v) in zip(corners, [*corners[1:], corners[0]], strict=True))
