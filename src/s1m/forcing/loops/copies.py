"""Is it a loop? The close looks, each taken only when a counter in ``recurrence.py`` is full.

How many copies make a loop depends on what is copied. Three do for a paragraph; a short sentence, an equation, a line
of a table need more, because legitimate text repeats them too. What is new in every copy at the same position, a number
that counts or the next case, is progress and raises the number of copies; words that drift here and there are not.

The limits were chosen on the labelled corpus in tests/forcing/corpus (families marked "chosen"); perf/results/loops.md
has what they do on families that no limit was chosen on. What is said below of halves and doubles was tried on 490 of
its texts (``corpus(10, 10, 1)``), where the limits as they are miss 1 of 200 loops and flag none of 290 clean texts.
"""

from __future__ import annotations

import math

from s1m.forcing.loops.history import GRAM, MEMORY, History, Loop, primitive

COPIES = 3
"""Exact copies that are always needed: legitimate text often states a thing twice."""

EVIDENCE = 170
"""Richness of all copies together that makes a loop, where three copies have less. A sentence of five
different words may come seventeen times before it is cut. Half of it flags 11 clean texts (readings, looks, lists of
objects), its double misses 20 loops."""

PLAIN = 36
"""Richness of a pattern from which three exact copies are enough: a sentence of about 18 different words. Half
of it flags 9 clean texts."""

POOR = 8
"""Richness below which a pattern is a run of signs or digits: a rule, a digit string, a row of blanks."""

RUN = 256
"""Units after the second copy from which any pattern is a loop. Half of it flags 8 texts with long rules."""

ALIKE = 192
"""Units at the end, most of which must repeat the text at one distance, in near copies. Half of it flags 1 text."""

SHORTEST_NEAR = 8
"""Units of the shortest near copy."""

PASSAGE = 96
"""Units of a passage that must occur for the third time, and the least distance between two occurrences.
Its double misses 14 loops."""


def exact(history: History, distance: int, agreed: int) -> tuple[int, int, int, Loop | None]:
    """A second look at a tail that has agreed with itself at ``distance`` for ``agreed`` units.

    Returns both, corrected, then for how many units it must agree to be a loop, and the loop if it does.
    """
    stream, at = history.stream, history.at
    first = at - agreed
    stop = max(distance, first - MEMORY)
    while first > stop and stream[first] == stream[first - distance]:
        first -= 1
    agreed = at - first
    root = primitive(stream[at + 1 - distance :])
    agreed, distance = agreed + distance - root, root
    rich = history.richness(at + 1 - distance, at + 1)
    copies = max(COPIES, min(EVIDENCE / rich, COPIES * (PLAIN / rich) ** 1.5)) if rich else RUN
    needed = int(min((copies - 1) * distance, distance + RUN))
    if rich < POOR or distance > POOR * rich:
        needed = distance + RUN
    needed = max(needed, (COPIES - 1) * distance)
    if agreed < needed:
        return distance, agreed, needed, None
    length = agreed + distance
    loop = Loop(start=at - length, period=distance, copies=length // distance, kind="exact", seen=at)
    return distance, agreed, needed, loop


def near(history: History) -> Loop | None:
    """Near copies at the end of what was read: most of it repeats the text at one distance, over enough copies."""
    at = history.at
    period, alike = history.distance(ALIKE)
    if period < SHORTEST_NEAR or 2 * alike < min(ALIKE, at):
        return None
    start = reach(history, period)
    copies = (at - start) / period
    if copies < COPIES or copies < copies_needed(history, start, period):
        return None
    same = history.stream[start + 1 : at + 1 - period] == history.stream[start + 1 + period :]
    period = primitive(history.stream[at + 1 - period :]) if same else period
    copies = (at - start) / period
    return Loop(start=start, period=period, copies=int(copies), kind="exact" if same else "near", seen=at)


def reach(history: History, period: int) -> int:
    """Units before the first of the near copies: as far back as grams recur, or will, about ``period`` apart."""
    before, counts, at = history.before, history.counts, history.at
    low, high = 0.85 * period - 2, 1.18 * period + 2  # the tolerance of ``History.distance``, and its inverse
    copied = set()
    total = best = 0
    start = at
    for index in range(at, max(0, at - 2 * MEMORY), -1):
        # The first copy has no earlier one: it is known by the grams of the second that point back to it.
        alike = counts[index] and low <= index - before[index] <= high
        if alike:
            copied.add(before[index])
        if alike or index in copied:
            total += 1
            if total > best:
                best, start = total, index
        else:
            total -= 1
            # Half a copy without a match is other text, not drift.
            if total < best - max(24, period // 2):
                break
    return max(0, start - GRAM)


def copies_needed(history: History, start: int, period: int) -> float:
    """Near copies that make a loop: more for poor patterns, and for those that make progress.

    Long copies ask for less on top of that: a paragraph with a new word in every copy is rarely an enumeration.
    """
    rich = history.richness(history.at + 1 - period, history.at + 1)
    copies = max(COPIES, EVIDENCE / max(1, rich)) * (1 + history.spelled)
    weight = min(1.0, 48 / period) * math.sqrt(copies / COPIES) / 3
    return copies * (1 + weight * progress(history, start, period))


def progress(history: History, start: int, period: int) -> float:
    """How new the copies are: a little for any new gram, much where the copy before had a new one there, too, and
    much where the text also repeats other things than the copy before, as a proof does.
    """
    before, counts, at = history.before, history.counts, history.at
    off = 0.18 * period + 2
    back = period
    new = both = elsewhere = 0
    indices = range(at, max(start + 1 + 2 * period, at + 1 - max(6 * period, 256)), -1)
    for index in indices:
        if counts[index]:
            distance = index - before[index]
            if abs(distance - period) <= off:
                back = distance
            elif abs((distance + period / 2) % period - period / 2) > off:
                elsewhere += 1
            continue
        new += 1
        both += not all(counts[index - back - 1 : index - back + 2])
    span = max(1, len(indices))
    fraction = new / span
    # Weights chosen on the corpus, so that its cases, checklists and proofs stay below their number of copies.
    return 10 * fraction + 50 * max(0.0, both / span - fraction * fraction) + 60 * fraction * elsewhere / span


def passage(history: History) -> Loop | None:
    """A passage that occurs for the third time or more, with other text between; the last need not be complete."""
    at = history.at
    wanted = PASSAGE * (4 if history.spelled else 1)
    index, copies, start, period = at, 1, at, 0
    for _ in range(32):  # a look has a bounded cost, however often a gram has occurred
        if not history.counts[index]:
            break
        index = history.before[index]
        same = history.common(index, 1024)
        if same >= wanted and history.richness(at + 1 - min(same, 2 * PASSAGE), at + 1) >= 20:
            copies += 1
            start, period = index - same, (at - index) // (copies - 1)
    if copies < COPIES or period < PASSAGE:
        return None
    return Loop(start=start, period=period, copies=copies, kind="passage", seen=at)
