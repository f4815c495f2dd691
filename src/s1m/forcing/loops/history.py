"""What the detector remembers of the units it read, and what can be asked of that."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

GRAM = 4
"""Units that are recognised together when they come again."""

SHIFT, MASK, SPREAD = 60 // GRAM, (1 << 60) - 1, 0x9E3779B97F4A7C15 & ((1 << 60) - 1)
"""A gram's key comes from the one before: ``((key << SHIFT) ^ (number * SPREAD)) & MASK``; what is older falls out."""

MEMORY = 2048
"""Units after which a gram that did not come again is forgotten."""


@dataclass(frozen=True, kw_only=True)
class Loop:
    """Where a text stopped getting anywhere: from ``start`` on it repeats about ``period`` units, ``copies`` times.

    ``kind``: exact copies behind each other, near ones, or a passage that comes back with other text in between.
    ``seen`` is how much had been read when that was plain. All of it counts in what was given: tokens, or characters.
    """

    start: int
    period: int
    copies: int
    kind: Literal["exact", "near", "passage"]
    seen: int


@dataclass
class History:
    """The units so far, by number; place 0 is before the first one.

    ``before`` and ``comings`` speak of the gram that ends at a place: where it ended last, and how often it had come
    within ``MEMORY`` of each other.
    """

    stream: array[int] = field(default_factory=lambda: array("i", [-1]))
    before: array[int] = field(default_factory=lambda: array("i", [0]))
    comings: array[int] = field(default_factory=lambda: array("i", [0]))
    names: list[Hashable] = field(default_factory=lambda: [None])
    """The unit that each number stands for; 0 stands for none, so that a gram at the very start is like no other."""

    @property
    def at(self) -> int:
        """The place of the last unit."""
        return len(self.stream) - 1

    def richness(self, start: int, end: int) -> float:
        """How much can be told apart in a stretch: two for each word, one for each sign, nothing for digits.

        Token ids tell nothing of words. Where they differ from each other they count one and a half, and a stretch
        that spells its words out in a few ids counts by its length.
        """
        kinds = {self.names[number] for number in self.stream[start:end]}
        if all(isinstance(kind, str) for kind in kinds):
            bare = [str(kind).strip() for kind in kinds]
            return float(sum(2 if len(kind) > 1 else not kind.isdigit() for kind in bare))
        if len(kinds) < 8:
            return len(kinds)
        if len(kinds) >= 0.75 * (end - start):
            return 1.5 * len(kinds)
        return (end - start) / 2.5 if len(kinds) >= 24 else 0.6 * len(kinds)

    @property
    def spelled(self) -> bool:
        """Whether words seem to be spelled out: token ids, and few different ones."""
        return 4 * len(self.names) < self.at and len(self.names) < 100 and not isinstance(self.names[-1], str)

    def distance(self, units: int) -> tuple[int, int]:
        """How far back the grams of the last ``units`` places were last seen, mostly, and how many were about there."""
        places = range(max(1, self.at + 1 - units), self.at + 1)
        distances = sorted(place - self.before[place] for place in places if self.comings[place])
        best, most, low = 1, 0, 0
        for high, distance in enumerate(distances):
            while distances[low] < 0.85 * distance - 2:
                low += 1
            if high + 1 - low > most:
                best, most = distances[(high + low) // 2], high + 1 - low
        return best, most

    def common(self, place: int, limit: int) -> int:
        """How many units up to ``place`` are those up to the last one, ``limit`` at most."""
        units = 0
        while units < min(place, limit) and self.stream[place - units] == self.stream[self.at - units]:
            units += 1
        return units


def primitive(pattern: Sequence[int]) -> int:
    """The length of what a pattern consists of: 2 for abab, 3 for aba (the prefix function of Knuth, Morris, Pratt)."""
    matched = [0] * len(pattern)
    border = 0
    for place in range(1, len(pattern)):
        while border and pattern[place] != pattern[border]:
            border = matched[border - 1]
        border += pattern[place] == pattern[border]
        matched[place] = border
    period = len(pattern) - border
    return period if len(pattern) % period == 0 else len(pattern)
