"""Write one of a few texts and nothing else: which tokens may come next, on the way to any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The texts as token ids; none at all leaves everything open."""

    spelled: tuple[tuple[int, ...], ...]
    end_ids: frozenset[int]

    def allowed(self, written: Sequence[int]) -> tuple[int, ...]:
        """Tokens that go on towards one of the texts, or end the turn where one is written and another goes on."""
        reached = [ids for ids in self.spelled if ids[: len(written)] == tuple(written)]
        following = {ids[len(written)] for ids in reached if len(ids) > len(written)}
        whole = following and any(len(ids) == len(written) for ids in reached)
        return tuple(sorted(following | self.end_ids if whole else following))

    def complete(self, written: Sequence[int]) -> bool:
        """Whether one of the texts is written, and no other continues it."""
        return bool(self.spelled) and not self.allowed(written)
