"""A zigzag between parallel lines: what is given of its corners, and the angles that follow."""

from __future__ import annotations

from dataclasses import dataclass

LABELS = "ABCDEFGHIJKLMNO"


@dataclass(frozen=True, kw_only=True)
class Zigzag:
    """The angle at the first corner, and what is given of each inner corner.

    ``known`` holds ("angle", degrees), ("right", 90), ("equal", 0) and ("times", k): the angle at the corner is k times
    the next one along the line.
    """

    first: int
    known: tuple[tuple[str, int], ...]


def corner_angles(plan: Zigzag) -> list[tuple[int, int, int]]:
    """At each inner corner: the alternate angle, the corner's own and the rest, which add up to 180 degrees."""
    before = plan.first
    angles = []
    for kind, value in plan.known:
        after = {
            "angle": 180 - before - value,
            "right": 90 - before,
            "equal": before,
            "times": (180 - before) // (value + 1),
        }[kind]
        angles.append((before, 180 - before - after, after))
        before = after
    return angles
