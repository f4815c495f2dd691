"""The sets that are made on the spot, by program: as sources of training, and for ``s1m data generate``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s1m.examples.digits import DEFAULT_ROWS, make_row
from s1m.examples.formats import Draft
from s1m.examples.responses import Delimiters

MADE: Sequence[str] = ("digits",)
"""Their names."""


@dataclass(frozen=True, kw_only=True)
class MadeRows:
    """So many rows of one of them."""

    name: str
    count: int
    seed: int
    delimiters: Delimiters

    def __len__(self) -> int:
        return self.count

    def draft(self, number: int) -> Draft:
        """The conversation of a row."""
        return make_row(number, self.seed, self.delimiters)

    def place(self, number: int) -> str:
        """Where a row stands."""
        return f"{self.name} row {number + 1}"


def made_rows(name: str, count: int | None, seed: int, delimiters: Delimiters) -> MadeRows:
    """Rows of the set called ``name``, its usual number where none is given."""
    return MadeRows(name=name, count=count or DEFAULT_ROWS, seed=seed, delimiters=delimiters)
