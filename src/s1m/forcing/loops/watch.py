"""Loops in what a model writes, seen while it writes: runaway thinking that uses up the budget.

A loop is a text that makes no more progress: exact copies one after another, near copies that drift or only count on,
or a long passage that keeps recurring. Tables, digits, code, enumerations, equations and legitimate checks repeat, too;
docs/forcing.md says where the line is drawn and what that was measured on.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from s1m.forcing.loops.history import Loop
from s1m.forcing.loops.pieces import Pieces
from s1m.forcing.loops.recurrence import Recurrence
from s1m.forcing.loops.templates import Templates

__all__ = ["Loop", "LoopWatch", "find_loop"]


class LoopWatch:
    """Reads what a model writes, part after part, and returns the first loop in it.

    It is fed token ids (or anything else that can be hashed), or text; a text is split into pieces of about a
    token each, and a loop in it is counted in characters. How it is cut into parts makes no difference. A token
    costs one or two microseconds, however many came before it.
    """

    def __init__(self) -> None:
        self._pieces = Pieces()
        self._recurrence = Recurrence()
        self._templates = Templates()
        self._loop: Loop | None = None

    def feed(self, tokens: Sequence[Hashable]) -> Loop | None:
        """The first loop in everything fed so far, or None. Nothing is read after a loop."""
        if self._loop:
            return self._loop
        if not isinstance(tokens, str):
            self._loop = self._recurrence.read(tokens)
            return self._loop
        pieces = self._pieces.cut(tokens)
        loops = [loop for loop in (self._recurrence.read(pieces), self._templates.read(pieces)) if loop]
        if loops:
            self._loop = self._in_characters(min(loops, key=lambda loop: loop.seen))
        return self._loop

    def _in_characters(self, loop: Loop) -> Loop:
        seen = self._pieces.end(loop.seen)
        period = seen - self._pieces.end(loop.seen - loop.period)  # the first copy may lack a blank
        return replace(loop, start=self._pieces.end(loop.start), period=period, seen=seen)


def find_loop(tokens: Sequence[Hashable]) -> Loop | None:
    """The first loop in token ids, or in a text (``start``, ``period`` and ``seen`` in characters then), or None.

    It is where a watch would have stopped reading: later text changes nothing.
    """
    return LoopWatch().feed(tokens)
