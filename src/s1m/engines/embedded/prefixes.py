"""Remember the keys and values of finished stretches, so that going on from one costs only the new tokens.

A step of budget forcing almost always extends an earlier one: the next segment continues the last, and the answers
of a sweep branch off along one chain. A problem may have several chains under way, each with a past of its own; the one
with the longest common prefix in tokens is found. The least recently used go when the memory is full.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from s1m.engines.embedded.cache import Past
from s1m.types import Problem, Turn

Owner = tuple[str, tuple[bytes, ...], tuple[Turn, ...]]
"""Whose past it is: a question, its images and the turns before it, by content, so that equal names never mix up two
problems."""


@dataclass(frozen=True, eq=False)
class Entry:
    """The past of a token sequence."""

    ids: tuple[int, ...]
    past: Past


def owner_of(problem: Problem) -> Owner:
    """Whose past the past of ``problem`` is."""
    return problem.question, problem.images, problem.turns


class PrefixStore:
    """Pasts by problem, within ``max_bytes`` of memory."""

    def __init__(self, max_bytes: int, *, whole: bool = False) -> None:
        """``whole``: a past holds states, which cannot be cut back, so it serves only what begins with all of it."""
        self._max_bytes = max_bytes
        self._whole = whole
        self._bytes = 0
        self._entries: OrderedDict[Owner, list[Entry]] = OrderedDict()  # both the latest used last

    def longest(self, owner: Owner, ids: Sequence[int]) -> tuple[Past | None, int]:
        """The past of ``owner`` that covers most of ``ids``, and how many tokens of it; (None, 0) without any."""
        entries = self._entries.get(owner)
        if not entries:
            return None, 0
        if self._whole:
            return self._longest_whole(entries, ids)
        # Of equally long ones the last used, which has the greatest index.
        shared, index = max((shared_length(entry.ids, ids), index) for index, entry in enumerate(entries))
        entries.append(entries.pop(index))
        self._entries.move_to_end(owner)
        return entries[-1].past, shared

    def keep(self, owner: Owner, ids: tuple[int, ...], past: Past) -> None:
        """Store the past of ``ids``, instead of those of ``owner`` that it continues."""
        entries = self._entries.setdefault(owner, [])
        continued = [entry for entry in entries if entry.ids == ids[: len(entry.ids)]]
        if self._whole:
            # The next segment goes on where an answer branched off, other chains where the prompt ended.
            before = sorted((entry for entry in continued if entry.ids != ids), key=lambda entry: len(entry.ids))
            continued = before[1:-1] + [entry for entry in continued if entry.ids == ids]
        for entry in continued:
            entries.remove(entry)
            self._bytes -= entry.past.bytes
        entries.append(Entry(ids, past))
        self._bytes += past.bytes
        self._entries.move_to_end(owner)
        while self._bytes > self._max_bytes:
            self._forget_oldest()

    def _longest_whole(self, entries: list[Entry], ids: Sequence[int]) -> tuple[Past | None, int]:
        """The longest past of which all comes before the last of ``ids``, which is always read."""
        begun = [entry for entry in entries if len(entry.ids) < len(ids) and entry.ids == tuple(ids[: len(entry.ids)])]
        if not begun:
            return None, 0
        best = max(begun, key=lambda entry: len(entry.ids))
        return best.past, len(best.ids)

    def _forget_oldest(self) -> None:
        """Drop the least recently used past of the least recently used problem."""
        owner, entries = next(iter(self._entries.items()))
        self._bytes -= entries.pop(0).past.bytes
        if not entries:
            del self._entries[owner]


def shared_length(first: Sequence[int], second: Sequence[int]) -> int:
    """How many leading elements two sequences share."""
    if first == second[: len(first)]:  # nearly always, and far faster than a loop
        return len(first)
    shared = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        shared += 1
    return shared
