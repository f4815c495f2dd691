"""What came again: the cheap work, done for every unit, the same however much was read before.

A unit is a token id or a piece of text. For each one is noted where the gram that ends with it stood last. Counters
read that as it comes: for how long the text agrees with itself a fixed distance ago, and two cumulative sums (E. S.
Page, 1954) of grams that come for the third time, a steep one for copies behind each other and a shallow one for
passages with other text in between. Only when one is full is there a close look (``copies.py``), and again only after
``PATIENCE`` units if that finds nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable

from s1m.forcing.loops.copies import exact, near, passage
from s1m.forcing.loops.history import GRAM, MASK, MEMORY, SHIFT, SPREAD, History, Loop

AGREEMENT = 32
"""Units that agree before the first close look at exact copies."""

STEEP = 64
"""Third comings, less two for every other unit, before a close look at near copies."""

STRETCH = 20
"""Third comings in a row before they count as a passage."""

SHALLOW = 160
"""Units in such stretches, less ``LEAK`` for every other unit, before a close look at passages."""

LEAK = 0.125

PATIENCE = 24

SLOTS = 65521
"""Places remembered: a prime, and many more than ``MEMORY``, so that few grams are forgotten for another one."""


class Recurrence:
    """Everything read so far, and the first loop in it."""

    def __init__(self) -> None:
        self.history = History()
        self.loop: Loop | None = None
        self._numbers: dict[Hashable, int] = {}
        self._places = array("i", bytes(4 * SLOTS))
        self._keys = array("q", [-1])
        self._counters = (0, 1, 0, AGREEMENT, 0, 0, 0.0)

    def read(self, units: Iterable[Hashable]) -> Loop | None:
        """The first loop in all that was read, or None. After a loop nothing is read any more."""
        if self.loop:
            return self.loop
        history, numbers, places, keys = self.history, self._numbers, self._places, self._keys
        stream, before, comings, names = history.stream, history.before, history.comings, history.names
        key, distance, agreed, needed, steep, stretch, shallow = self._counters
        at = history.at
        loop = None
        for unit in units:
            at += 1
            number = numbers.setdefault(unit, len(names))
            if number == len(names):
                names.append(unit)
            if number == stream[at - distance]:
                agreed += 1
            else:
                agreed, needed = 0, AGREEMENT
            stream.append(number)
            key = ((key << SHIFT) ^ (number * SPREAD)) & MASK
            slot = key % SLOTS
            place = places[slot]
            places[slot] = at
            keys.append(key)
            coming = 0
            if keys[place] == key and at - place < MEMORY:
                coming = comings[place] + 1
                if agreed < GRAM:
                    distance, agreed, needed = at - place, GRAM, AGREEMENT
            before.append(place)
            comings.append(coming)
            if agreed >= needed:
                distance, agreed, needed, loop = exact(history, distance, agreed)
            if coming > 1:
                steep += 1
                stretch += 1
                if steep >= STEEP:
                    steep -= PATIENCE
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
