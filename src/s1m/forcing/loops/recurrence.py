"""What recurs: the cheap work, done for every unit, at a constant cost however much was read before.

A unit is a token id or a piece of text. For each, the last occurrence of the gram that ends with it is looked up. Three
counters are kept: for how long the text agrees with itself at a fixed distance, and two cumulative sums (E. S. Page,
1954) of grams that occur for the third time, a steep one for copies one after another and a shallow one for passages
with other text in between. Only when a counter is full is there a close look (``copies.py``), and the next one at the
earliest after ``PATIENCE`` units. The limits were chosen on the corpus in tests/forcing/corpus, so that close looks are
rare in clean texts (a token costs about 1 µs) and loops are seen within some 128 tokens of their third copy.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping

from s1m.forcing.loops.copies import exact, near, passage
from s1m.forcing.loops.history import GRAM, MASK, MEMORY, SHIFT, SPREAD, History, Loop

AGREEMENT = 32
"""Units that agree before the first close look at exact copies."""

STEEP = 64
"""Third occurrences, less two for every other unit, before a close look at near copies."""

STRETCH = 20
"""Third occurrences in a row before they count as a passage."""

SHALLOW = 160
"""Units in such stretches, less ``LEAK`` for every other unit, before a close look at passages."""

LEAK = 0.125
"""So small that a passage may recur with eight times its length of other text in between."""

PATIENCE = 24
"""Units between two close looks, which cost as much as some hundred units."""

SLOTS = 65521
"""Size of the table of last occurrences: a prime, and many times ``MEMORY``, so that few grams collide."""

SMALL = 2048
"""Units up to which the table holds only what is in it: to get a quarter of a megabyte from the system costs 0.4 ms, as
much as to read three hundred units, and most texts that are watched are answers and short thoughts."""


class Recurrence:
    """Everything read so far, and the first loop in it."""

    def __init__(self) -> None:
        self.history = History()
        self.loop: Loop | None = None
        self._numbers: dict[Hashable, int] = {}
        self._last: array[int] | defaultdict[int, int] = defaultdict(int)
        """The table of last occurrences: by slot the unit where a gram ended that has it, 0 for none."""
        self._keys = array("q", [-1])
        self._counters = (0, 1, 0, AGREEMENT, 0, 0, 0.0)

    def read(self, units: Iterable[Hashable]) -> Loop | None:
        """The first loop in all that was read, or None. After a loop nothing more is read.

        The loop over units is one function with local names: calls and attributes would cost more than its work.
        """
        if self.loop:
            return self.loop
        if len(self._keys) > SMALL and isinstance(self._last, defaultdict):
            self._last = _as_table(self._last)
        history, numbers, last, keys = self.history, self._numbers, self._last, self._keys
        stream, before, counts, names = history.stream, history.before, history.counts, history.names
        key, distance, agreed, needed, steep, stretch, shallow = self._counters
        at = history.at
        loop = None
        for unit in units:
            at += 1
            number = numbers.setdefault(unit, len(names))  # one look-up, for known and for new units
            if number == len(names):
                names.append(unit)
            if number == stream[at - distance]:
                agreed += 1
            else:
                agreed, needed = 0, AGREEMENT
            stream.append(number)
            key = ((key << SHIFT) ^ (number * SPREAD)) & MASK
            slot = key % SLOTS
            previous = last[slot]
            last[slot] = at
            keys.append(key)
            count = 0
            # The table has no buckets: another gram with the same remainder may have taken the slot.
            if keys[previous] == key and at - previous < MEMORY:
                count = counts[previous] + 1
                # A distance is kept while the text agrees at it: a gram that recurs by chance must not end a run.
                if agreed < GRAM:
                    distance, agreed, needed = at - previous, GRAM, AGREEMENT
            before.append(previous)
            counts.append(count)
            if agreed >= needed:
                distance, agreed, needed, loop = exact(history, distance, agreed)
            if count > 1:
                steep += 1
                stretch += 1
                if steep >= STEEP:
                    steep -= PATIENCE  # full again after that many units, if they all recur
                    loop = loop or near(history)
                if stretch >= STRETCH:
                    shallow += 1 if stretch > STRETCH else STRETCH
                    if shallow >= SHALLOW:
                        shallow -= PATIENCE
                        loop = loop or passage(history)
            else:
                stretch = 0
                steep = steep - 2 if steep > 2 else 0
                shallow = shallow - LEAK if shallow > LEAK else 0.0
            if loop:
                self.loop = loop
                return loop
        self._counters = (key, distance, agreed, needed, steep, stretch, shallow)
        return None


def _as_table(few: Mapping[int, int]) -> array[int]:
    """The table of last occurrences as an array, which takes a tenth of the memory of a full dictionary."""
    table = array("i", bytes(4 * SLOTS))
    for slot, at in few.items():
        table[slot] = at
    return table
