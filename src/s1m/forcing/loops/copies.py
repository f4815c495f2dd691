"""Is it a loop? The close looks, each taken only when a counter of the cheap work is full.

How many copies make a loop depends on what is copied. Three do for a paragraph; a short sentence, an equation, a line
of a table need more, because honest text has them too. What every copy has anew in the same place, a number that counts
or the next case, is progress, and asks for patience; words that drift here and there are none.
"""

from __future__ import annotations

import math

from s1m.forcing.loops.history import GRAM, MEMORY, History, Loop, primitive

COPIES = 3

EVIDENCE = 170
"""Richness of all copies together that makes a loop, where three copies have less."""

PLAIN = 36
"""Richness of a pattern from which on three exact copies do."""

POOR = 8
"""Richness below which a pattern is a run of signs or digits, honest until it is long."""

RUN = 256
"""Units that copies cover beyond the second before any pattern is a loop."""

ALIKE = 192
"""Units at the end that must mostly have come from the same distance, in near copies."""

SHORTEST_NEAR = 8
"""Units of a near copy at least."""

PASSAGE = 96
"""Units of a passage that must have come twice before, and the least distance between two of them."""


def exact(history: History, distance: int, agreed: int) -> tuple[int, int, int, Loop | None]:
    """A second look at a tail that agreed with itself ``distance`` ago for ``agreed`` units.

    Returns both, corrected, for how many units it must agree to be a loop, and the loop if it does.
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
    """Near copies at the end of what was read: most of it came from one distance, over enough copies."""
    at = history.at
    period, alike = history.distance(ALIKE)
    if period < SHORTEST_NEAR or 2 * alike < min(ALIKE, at):
        return None
    start = reach(history, period)
    copies = (at - start) / period
    if copies < COPIES or copies < patience(history, start, period):
        return None
    same = history.stream[start + 1 : at + 1 - period] == history.stream[start + 1 + period :]
    period = primitive(history.stream[at + 1 - period :]) if same else period
    copies = (at - start) / period
    return Loop(start=start, period=period, copies=int(copies), kind="exact" if same else "near", seen=at)


def reach(history: History, period: int) -> int:
    """Units before the first of the near copies: as far back as grams come again, or will, about a period on."""
    before, comings, at = history.before, history.comings, history.at
    low, high = 0.85 * period - 2, 1.18 * period + 2
    copied = set()
    total = best = 0
    start = at
    for place in range(at, max(0, at - 2 * MEMORY), -1):
        alike = comings[place] and low <= place - before[place] <= high
        if alike:
            copied.add(before[place])
        if alike or place in copied:
            total += 1
            if total > best:
                best, start = total, place
        else:
            total -= 1
            if total < best - max(24, period // 2):
                break
    return max(0, start - GRAM)


def patience(history: History, start: int, period: int) -> float:
    """How many near copies make a loop: more for poor patterns, and for those that make progress."""
    rich = history.richness(history.at + 1 - period, history.at + 1)
    copies = max(COPIES, EVIDENCE / max(1, rich)) * (1 + history.spelled)
    weight = min(1.0, 48 / period) * math.sqrt(copies / COPIES) / 3
    return copies * (1 + weight * progress(history, start, period))


def progress(history: History, start: int, period: int) -> float:
    """How new the copies are: a little for any gram that never came, much where the copy before had a new one, too,
    and much where the text also takes up other things than the copy before, as a proof does.
    """
    before, comings, at = history.before, history.comings, history.at
    off = 0.18 * period + 2
    back = period
    new = both = elsewhere = 0
    places = range(at, max(start + 1 + 2 * period, at + 1 - max(6 * period, 256)), -1)
    for place in places:
        if comings[place]:
            distance = place - before[place]
            if abs(distance - period) <= off:
                back = distance
            elif abs((distance + period / 2) % period - period / 2) > off:
                elsewhere += 1
            continue
        new += 1
        both += not all(comings[place - back - 1 : place - back + 2])
    span = max(1, len(places))
    share = new / span
    return 10 * share + 50 * max(0.0, both / span - share * share) + 60 * share * elsewhere / span


def passage(history: History) -> Loop | None:
    """A passage that comes at least for the third time, with other text between; the last one need not be complete."""
    at = history.at
    wanted = PASSAGE * (4 if history.spelled else 1)
    place, copies, start, period = at, 1, at, 0
    for _ in range(32):
        if not history.comings[place]:
            break
        place = history.before[place]
        same = history.common(place, 1024)
        if same >= wanted and history.richness(at + 1 - min(same, 2 * PASSAGE), at + 1) >= 20:
            copies += 1
            start, period = place - same, (at - place) // (copies - 1)
    if copies < COPIES or period < PASSAGE:
        return None
    return Loop(start=start, period=period, copies=copies, kind="passage", seen=at)
