"""How the features of a policy were distributed on the tuned run, bin by bin: beside it a change is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from s1m.forcing.stopping import Features

NUMBERS = ("ignored", "agreeing", "lead", "confidence", "tokens", "loops")
"""Features that are numbers; the others are words."""
WORDS = ("stop", "kind")
BINS = 10
DIGITS = 6
OTHER = "other"
"""The last word of a distribution of words: all that did not occur."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """How one feature is distributed over the tuned run, at the stop where the policy stopped.

    Of numbers ``edges`` are the upper ends of all bins but the last, which is beyond the largest value; of words
    ``names`` are the bins, the last of them ``other``. ``shares`` sum to 1 over the values that are there; ``missing``
    is the share of samples without a value.
    """

    name: str
    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    shares: tuple[Annotated[float, Meta(ge=0, le=1)], ...]
    missing: Annotated[float, Meta(ge=0, le=1)] = 0.0
    count: int
    """Problems."""

    def __post_init__(self) -> None:
        bins = len(self.names) if self.names else len(self.edges) + 1
        if len(self.shares) != bins or list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"feature {self.name} must have rising edges or names, and a share for every bin")

    def bin_of(self, features: Features) -> int | None:
        """The bin of a value; None where there is no value."""
        value: float | str | None = getattr(features, self.name)
        if value is None:
            return None
        if isinstance(value, str):
            return self.names.index(value) if value in self.names else len(self.names) - 1
        return _bin(value, self.edges)


def distributions(features: Sequence[Features], problems: int | None = None) -> tuple[Distribution, ...]:
    """How the features are distributed: numbers in bins at their deciles, words by name.

    ``features`` are those of all samples; there is one of each of the ``problems`` by default.
    """
    made = []
    count = len(features) if problems is None else problems
    for name in (*NUMBERS, *WORDS):
        values = [getattr(each, name) for each in features]
        there = [value for value in values if value is not None]
        if not there:
            continue
        if name in WORDS:
            names = (*sorted(set(there)), OTHER)
            shares = [round(sum(value == each for value in there) / len(there), DIGITS) for each in names]
            made.append(Distribution(name=name, names=names, shares=tuple(shares), count=count))
            continue
        edges = _edges(there)
        index = [_bin(value, edges) for value in there]
        shares = [round(index.count(each) / len(there), DIGITS) for each in range(len(edges) + 1)]
        missing = round(1 - len(there) / len(values), DIGITS)
        made.append(Distribution(name=name, edges=edges, shares=tuple(shares), missing=missing, count=count))
    return tuple(made)


def _bin(value: float, edges: Sequence[float]) -> int:
    """The place of the bin of a number: the last one is beyond all edges."""
    return sum(value > edge for edge in edges)


def _edges(values: Sequence[float]) -> tuple[float, ...]:
    """Upper ends of bins: the deciles, each once, and the largest value: beyond it lies what the run never had."""
    ordered = sorted(values)
    ends = [ordered[len(ordered) * part // BINS - 1] for part in range(1, BINS + 1) if len(ordered) * part >= BINS]
    return tuple(sorted({float(f"{end:.6g}") for end in ends}))
