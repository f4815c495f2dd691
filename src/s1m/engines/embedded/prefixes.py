"""Remember the keys and values of finished stretches, so that going on from one costs only the new tokens.

A step of budget forcing almost always extends an earlier one: the next segment goes on from the last, and the answers
of a sweep branch off along one chain. Entries are kept by problem and found by their longest common prefix in tokens;
the least recently used go when the memory is full.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from s1m.engines.embedded.cache import Past

Owner = tuple[str, tuple[bytes, ...]]
"""Whose past it is: a question and its images, by content, so that equal names never mix up two problems."""


@dataclass(frozen=True)
class Entry:
    """The past of a token sequence."""

    ids: tuple[int, ...]
    past: Past


class PrefixStore:
    """Pasts by problem, within ``max_bytes`` of memory."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[Owner, Entry] = OrderedDict()

    def longest(self, owner: Owner, ids: Sequence[int]) -> tuple[Past | None, int]:
        """The stored past of ``owner`` and how many tokens of ``ids`` it covers; (None, 0) when there is none."""
        entry = self._entries.get(owner)
        if entry is None:
            return None, 0
        self._entries.move_to_end(owner)
        return entry.past, shared_length(entry.ids, ids)

    def keep(self, owner: Owner, ids: tuple[int, ...], past: Past) -> None:
        """Store the past of ``ids`` in place of what ``owner`` had."""
        self.forget(owner)
        self._entries[owner] = Entry(ids, past)
        self._bytes += past.bytes
        while self._bytes > self._max_bytes and self._entries:
            self.forget(next(iter(self._entries)))

    def forget(self, owner: Owner) -> None:
        """Drop what ``owner`` had."""
        entry = self._entries.pop(owner, None)
        if entry is not None:
            self._bytes -= entry.past.bytes


def shared_length(one: Sequence[int], other: Sequence[int]) -> int:
    """How many leading elements two sequences share."""
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    return shared
