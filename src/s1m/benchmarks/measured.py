"""Measures that a benchmark publishes over problems that belong together: the steps of one, the variants of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

Judged = tuple[Mapping[str, str], bool]
"""A problem's metadata, and whether its answer is right."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Shares of 1 by name, over the groups of which every part is judged; none without such a group.

    ``incomplete`` groups lack a part and count nowhere. A share of nothing is None.
    """

    groups: int
    incomplete: int
    shares: Mapping[str, float | None]


@runtime_checkable
class Measured(Protocol):
    """A benchmark that publishes such measures."""

    def measures(self, judged: Sequence[Judged]) -> Measures:
        """The measures of judged answers, one a problem."""
        ...


def groups_of(judged: Sequence[Judged], group: str, part: str) -> dict[str, dict[str, bool]]:
    """Whether each part is right, by group, where ``group`` and ``part`` are keys of the metadata."""
    parsed: dict[str, dict[str, bool]] = {}
    for metadata, right in judged:
        parsed.setdefault(metadata.get(group, ""), {})[metadata.get(part, "")] = right
    return parsed


def ratio(count: float, total: int) -> float | None:
    """A share of 1, or None of nothing."""
    return count / total if total else None
