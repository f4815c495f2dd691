"""A survey as a table: how long the examples of each source are, and how many were dropped for what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from s1m.train.survey import Part, Survey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG = (1024, 4096, 8192)
"""Lengths of which is told how many examples exceed them."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How tokens are spread over some examples; all 0 where there are none."""

    examples: int
    total: int
    mean: float
    median: float
    p90: float
    p99: float
    longest: int
    above: tuple[float, ...]
    """Share of the examples that are longer than each of ``LONG``."""


def describe(lengths: NDArray[np.int64]) -> Lengths:
    """How these lengths are spread."""
    import numpy as np

    some = lengths if len(lengths) else np.zeros(1, dtype=np.int64)
    median, p90, p99 = (float(value) for value in np.percentile(some, (50, 90, 99)))
    return Lengths(
        examples=len(lengths),
        total=int(some.sum()),
        mean=float(some.mean()),
        median=median,
        p90=p90,
        p99=p99,
        longest=int(some.max()),
        above=tuple(float((some > limit).mean()) for limit in LONG),
    )


def print_survey(survey: Survey, console: Console) -> None:
    """Print a column for every source: how many examples, how long, and how many dropped for what."""
    parts = _with_sum(survey)
    table = Table()
    table.add_column("")
    for part in parts:
        table.add_column(part.name, justify="right", overflow="fold")
    spreads = [describe(part.lengths) for part in parts]
    table.add_row("examples", *(f"{spread.examples:,}" for spread in spreads))
    table.add_row("tokens", *(f"{spread.total:,}" for spread in spreads))
    for name in ("mean", "median", "p90", "p99", "longest"):
        table.add_row(f"  {name}", *(f"{getattr(spread, name):,.0f}" for spread in spreads))
    for place, limit in enumerate(LONG):
        table.add_row(f"  over {limit:,}", *(f"{100 * spread.above[place]:.1f} %" for spread in spreads))
    table.add_section()
    table.add_row("dropped", *(f"{part.reasons.total():,}" for part in parts))
    for reason, _ in parts[-1].reasons.most_common():
        table.add_row(f"  {reason}", *(f"{part.reasons[reason]:,}" for part in parts))
    console.print(table)


def _with_sum(survey: Survey) -> list[Part]:
    """The parts, and where there are several, all together."""
    parts = list(survey.parts)
    if len(parts) > 1:
        reasons = sum((part.reasons for part in parts), Counter[str]())
        parts.append(Part(name="all", reasons=reasons, lengths=survey.lengths))
    return parts
