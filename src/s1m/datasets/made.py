"""The sets that are made on the spot, by program: as sources of training, and for ``s1m data generate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from s1m.datasets.digits import make_row
from s1m.datasets.example import IMAGE, Turn, Unusable
from s1m.datasets.formats import Draft
from s1m.datasets.responses import Delimiters
from s1m.synthetic.longvision.example import Unsound, make_example

USUAL_SEED = 42
"""Of what is made where nobody names a seed."""


@dataclass(frozen=True, kw_only=True)
class MadeSet:
    """An endless set: row ``number`` of a seed is the same on every machine."""

    usual_rows: int
    """How many are made where nobody says."""
    make: Callable[[int, int, Delimiters], Draft]
    """A row by number and seed."""


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
        return MADE[self.name].make(number, self.seed, self.delimiters)

    def place(self, number: int) -> str:
        """Where a row stands."""
        return f"{self.name} row {number + 1}"


def made_rows(name: str, count: int | None, seed: int, delimiters: Delimiters) -> MadeRows:
    """Rows of the set called ``name``, its usual number where none is given."""
    return MadeRows(name=name, count=count or MADE[name].usual_rows, seed=seed, delimiters=delimiters)


def make_long(number: int, seed: int, delimiters: Delimiters) -> Draft:
    """A problem of the training split of longvision, with a trace that solves it."""
    try:
        made = make_example("train", number, seed)
    except Unsound as error:
        raise Unusable("no sound trace", str(error)) from None
    response = delimiters.around(made.thinking, made.answer)
    return Draft(
        turns=(Turn(role="user", content=(IMAGE, made.question)), Turn(role="assistant", content=(response,))),
        images=(made.image,),
        facts={"answer": made.gold, "answer_type": "integer", "domain": made.family, "licence": "Apache-2.0"},
    )


MADE: Mapping[str, MadeSet] = {
    "digits": MadeSet(usual_rows=50_000, make=make_row),
    "longvision": MadeSet(usual_rows=10_000, make=make_long),
}
