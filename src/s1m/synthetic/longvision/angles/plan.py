"""A zigzag between parallel lines: what is given of its corners, and what follows from that."""

from __future__ import annotations

from dataclasses import dataclass

LABELS = "ABCDEFGHIJKLMNO"


@dataclass(frozen=True, kw_only=True)
class Zigzag:
    """The angle at the first corner, and what is known of each one behind it but the last.

    ``known`` holds ("angle", degrees), ("right", 90), ("equal", 0) and ("times", k): the angle at the corner is k times
    the one behind it on the line.
    """

    first: int
    known: tuple[tuple[str, int], ...]


def shares(plan: Zigzag) -> list[tuple[int, int, int]]:
    """At each inner corner: the alternate angle, the corner's own, the one that is left. They make 180 degrees."""
    before = plan.first
    found = []
    for kind, value in plan.known:
        after = {
            "angle": 180 - before - value,
            "right": 90 - before,
            "equal": before,
            "times": (180 - before) // (value + 1),
        }[kind]
        found.append((before, 180 - before - after, after))
        before = after
    return found
