"""The same words with other numbers, again and again: near copies of which every line is new when compared literally.

Numbers are masked, and what is left must repeat exactly. Tables and lists do that too, so the words count, and so does
what the numbers do: where one of them only rises or only falls from copy to copy, the text makes progress. The limits
were chosen on the corpus in tests/forcing/corpus; ``WORDY`` was still changed for the families written last.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from s1m.forcing.loops.history import GRAM, MASK, MEMORY, SHIFT, SPREAD, History, Loop, primitive

COPIES = 6
"""Copies that are always needed: five cases with other numbers are an ordinary answer."""

EVIDENCE = 200
"""Richness of all copies together, words and signs."""

POOR = 10
"""Richness of a pattern that is a row of numbers rather than a sentence: no loop, however long."""

COUNTED = 100
"""Copies that make a loop although a number in them counts. Half of it flags 2 checklists (see copies.py)."""

WORDY, COUNTED_WORDY = 34, 14
"""Richness of a pattern in which few numbers change and one counts, and the copies that make a loop of it: a paragraph
that only its number tells from the one before."""

AGREEMENT = 32
"""Masked units that agree before the first close look."""

SLOTS = 8191
"""Size of the table of last occurrences: a prime, four times ``MEMORY``."""

NUMBERS = (None, *"1234567890")
"""Digits by the number that they get; any number is masked as the last of them."""

MASKED = len(NUMBERS) - 1

LARGE = 10**15
"""Numbers are known by their last digits only, so that a long one costs no more."""


@dataclass
class Templates:
    """The pieces of a text with numbers masked, and how long they have agreed with those some distance before."""

    _history: History = field(default_factory=History)
    _values: list[int] = field(default_factory=lambda: [0])
    _ends: array[int] = field(default_factory=lambda: array("i", [0]))
    """Pieces of the text up to the end of each masked unit."""
    _numbers: dict[str | None, int] = field(default_factory=lambda: {name: n for n, name in enumerate(NUMBERS)})
    _last: array[int] = field(default_factory=lambda: array("i", bytes(4 * SLOTS)))
    _keys: array[int] = field(default_factory=lambda: array("q", [-1]))
    _counters: tuple[int, int, int, int] = (0, 1, 0, AGREEMENT)
    _pieces: int = 0

    def __post_init__(self) -> None:
        self._history.names.extend(NUMBERS[1:])

    def read(self, pieces: Iterable[str]) -> Loop | None:
        """The first loop that these pieces complete, counted in pieces."""
        numbers, values, ends, last, keys = self._numbers, self._values, self._ends, self._last, self._keys
        stream, names = self._history.stream, self._history.names
        key, distance, agreed, needed = self._counters
        at = self._history.at
        end = self._pieces
        for piece in pieces:
            end += 1
            number = numbers.setdefault(piece, len(names))
            value = 0
            if number <= MASKED:
                value = number % 10  # 0 is number 10
                if stream[at] == MASKED:  # one more digit of the same number, which stays one unit
                    values[at] = (values[at] * 10 + value) % LARGE
                    ends[at] = end
                    continue
                number = MASKED
            elif number == len(names):
                names.append(piece)
            at += 1
            agreed = agreed + 1 if number == stream[at - distance] else 0
            stream.append(number)
            values.append(value)
            ends.append(end)
            key = ((key << SHIFT) ^ (number * SPREAD)) & MASK
            previous = last[key % SLOTS]
            last[key % SLOTS] = at
            keys.append(key)
            if agreed < GRAM:
                needed = AGREEMENT
                if keys[previous] == key and at - previous < MEMORY:
                    distance, agreed = at - previous, GRAM
            elif agreed >= needed:
                self._pieces = end
                distance, agreed, needed, loop = self._look(distance, agreed)
                if loop:
                    return loop
        self._counters, self._pieces = (key, distance, agreed, needed), end
        return None

    def _look(self, distance: int, agreed: int) -> tuple[int, int, int, Loop | None]:
        history, at = self._history, self._history.at
        stream = history.stream
        first = at - agreed
        while first > max(distance, at - MEMORY) and stream[first] == stream[first - distance]:
            first -= 1
        root = primitive(stream[at + 1 - distance :])
        agreed, distance = at - first + distance - root, root
        rich = history.richness(at + 1 - distance, at + 1)
        copies = (agreed + distance) // distance
        wanted = max(COPIES, EVIDENCE / rich) if rich >= POOR else MEMORY
        if wanted <= copies < COUNTED and self._progress(distance, copies, rich):
            return distance, agreed, agreed + distance, None
        if copies < wanted:
            return distance, agreed, int(wanted * distance) - distance, None
        start = self._ends[max(0, at - agreed - distance)]
        period = (self._pieces - start) // copies
        return distance, agreed, 0, Loop(start=start, period=period, copies=copies, kind="near", seen=self._pieces)

    def _progress(self, distance: int, copies: int, rich: float) -> bool:
        """Whether a number in the copies only rises, or only falls, and that is worth waiting for."""
        at = self._history.at
        slots = [slot for slot in range(at + 1 - distance, at + 1) if self._history.stream[slot] == MASKED]
        taken = [self._values[slot - (copies - 1) * distance : slot + 1 : distance] for slot in slots]
        change = [values for values in taken if len(set(values)) > 1]
        if rich >= WORDY and 12 * len(change) <= distance and copies >= COUNTED_WORDY:
            return False
        return any(
            len(set(values)) >= max(3, copies / 3) and values in (sorted(values), sorted(values, reverse=True))
            for values in change
        )
