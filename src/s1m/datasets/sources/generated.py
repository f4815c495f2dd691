"""Synthetic sets, generated on the fly: as sources of training, and for ``s1m data generate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from s1m.datasets.example import IMAGE, Turn, Unusable
from s1m.datasets.formats import Draft
from s1m.datasets.sources.digits import make_row
from s1m.families import Delimiters
from s1m.synthetic.longvision.example import Unsound, make_example


@dataclass(frozen=True, kw_only=True)
class GeneratedSet:
    """An endless set: row ``number`` of a seed is the same on every machine."""

    default_rows: int
    """How many are generated where the settings give no number."""
    make: Callable[[int, int, Delimiters], Draft]
    """A row by number and seed."""


@dataclass(frozen=True, kw_only=True)
class GeneratedRows:
    """The first ``count`` rows of one of them."""

    name: str
    count: int
    seed: int
    delimiters: Delimiters

    def __len__(self) -> int:
        return self.count

    def draft(self, number: int) -> Draft:
        """The conversation of a row."""
        return GENERATORS[self.name].make(number, self.seed, self.delimiters)

    def location(self, number: int) -> str:
        """Name and number of a row."""
        return f"{self.name} row {number + 1}"


def generated_rows(name: str, count: int | None, seed: int, delimiters: Delimiters) -> GeneratedRows:
    """Rows of the set called ``name``, its default number without ``count``."""
    return GeneratedRows(name=name, count=count or GENERATORS[name].default_rows, seed=seed, delimiters=delimiters)


def make_longvision_row(number: int, seed: int, delimiters: Delimiters) -> Draft:
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


GENERATORS: Mapping[str, GeneratedSet] = {
    "digits": GeneratedSet(default_rows=50_000, make=make_row),
    "longvision": GeneratedSet(default_rows=10_000, make=make_longvision_row),
}
