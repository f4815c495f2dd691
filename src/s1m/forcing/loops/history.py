"""The units that the detector has read, and what is known of them."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

GRAM = 4
"""Units that are recognised together when they recur."""

# Of 60 bits, so that a key fits a signed 64-bit array and GRAM shifts empty it. SPREAD is 2**64 over the golden ratio
# (Fibonacci hashing): numbers that follow each other, as those of new units do, get keys far apart.
SHIFT, MASK, SPREAD = 60 // GRAM, (1 << 60) - 1, 0x9E3779B97F4A7C15 & ((1 << 60) - 1)
"""The next gram's key is ``((key << SHIFT) ^ (number * SPREAD)) & MASK``; older units are shifted out."""

MEMORY = 2048
"""Units after which a gram that did not recur is forgotten: the longest distance between two copies."""


@dataclass(frozen=True, kw_only=True)
class Loop:
    """Where a text starts to repeat itself: from ``start`` on about ``period`` units, ``copies`` times.

    ``kind``: exact copies one after another, near ones, or a passage that recurs with other text in between. ``seen``
    is how much had been read when that was clear. All of them count tokens where tokens were fed, characters for text.
    """

    start: int
    period: int
    copies: int
    kind: Literal["exact", "near", "passage"]
    seen: int


@dataclass
class History:
    """The units so far, by number; index 0 is before the first one.

    ``before`` and ``counts`` describe the gram that ends at an index: where it ended last, and how often it occurred
    before, each within ``MEMORY`` of the next.
    """

    stream: array[int] = field(default_factory=lambda: array("i", [-1]))
    before: array[int] = field(default_factory=lambda: array("i", [0]))
    counts: array[int] = field(default_factory=lambda: array("i", [0]))
    names: list[Hashable] = field(default_factory=lambda: [None])
    """The unit that each number stands for; 0 stands for none, so that a gram at the very start is like no other."""

    @property
    def at(self) -> int:
        """The index of the last unit."""
        return len(self.stream) - 1

    def richness(self, start: int, end: int) -> float:
        """How much a stretch says: two for each different word, one for each different sign, nothing for digits.

        Token ids do not show words. Where nearly all ids differ, each counts one and a half; a stretch that spells
        its words out in a few ids counts by its length.
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
        """The commonest distance of the grams of the last ``units`` indices to their last occurrence; how common."""
        indices = range(max(1, self.at + 1 - units), self.at + 1)
        distances = sorted(index - self.before[index] for index in indices if self.counts[index])
        best, most, low = 1, 0, 0
        for high, distance in enumerate(distances):
            # Near copies differ in length: up to 15 % and two units more count as one distance.
            while distances[low] < 0.85 * distance - 2:
                low += 1
            if high + 1 - low > most:
                best, most = distances[(high + low) // 2], high + 1 - low
        return best, most

    def common(self, index: int, limit: int) -> int:
        """How many units up to ``index`` equal those up to the last one, at most ``limit``."""
        units = 0
        while units < min(index, limit) and self.stream[index - units] == self.stream[self.at - units]:
            units += 1
        return units


def primitive(pattern: Sequence[int]) -> int:
    """The length of the shortest pattern whose copies make up ``pattern``: 2 for abab, 3 for aba.

    By the prefix function of Knuth, Morris and Pratt.
    """
    matched = [0] * len(pattern)
    border = 0
    for index in range(1, len(pattern)):
        while border and pattern[index] != pattern[border]:
            border = matched[border - 1]
        border += pattern[index] == pattern[border]
        matched[index] = border
    period = len(pattern) - border
    return period if len(pattern) % period == 0 else len(pattern)
