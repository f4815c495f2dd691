"""Exact repetition at the end of a text: the runaway that eats thinking budgets.

A loop is a tail that consists of at least three copies of one pattern. The smallest period of every tail is read off
the prefix function (Knuth, Morris and Pratt, 1977) of the reversed text, so one check costs time linear in the window
and the pattern found is always primitive: a run of dashes has period 1 and is judged as such.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

MIN_COPIES = 3

MIN_PERIOD = 12
"""Characters. Shorter patterns are rules, blanks and digit strings, honest until they are very long."""

MIN_SPAN = 240
"""Characters that a loop of an ordinary pattern covers, so that a thrice repeated short phrase is none."""

MIN_SPAN_SHORT = 1500
"""Characters that a loop of a pattern below ``MIN_PERIOD`` covers."""

WINDOW = 8192
"""Characters looked at, from the end."""


@dataclass(frozen=True, kw_only=True)
class Loop:
    """A periodic tail: it begins at ``start`` and repeats its first ``period`` units ``copies`` times or more."""

    start: int
    period: int
    copies: int


def find_loop(units: Sequence[Hashable]) -> Loop | None:
    """The longest periodic tail of ``units`` that counts as a loop, or None.

    ``units`` is any sequence that compares by element, usually a text taken character by character. Only the last
    ``WINDOW`` units are examined, so ``start`` of an older loop is where the window begins.
    """
    tail = units[max(0, len(units) - WINDOW) :][::-1]
    matched = [0] * len(tail)
    found: Loop | None = None
    border = 0
    for length in range(2, len(tail) + 1):
        unit = tail[length - 1]
        while border and unit != tail[border]:
            border = matched[border - 1]
        border += unit == tail[border]
        matched[length - 1] = border
        period = length - border
        if length < MIN_COPIES * period:
            continue
        if length >= (MIN_SPAN if period >= MIN_PERIOD else MIN_SPAN_SHORT):
            found = Loop(start=len(units) - length, period=period, copies=length // period)
    return found
