"""A survey as tables: how long the examples of each source are, and how many were dropped for what."""

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
    """Print the tables: tokens of what is kept, then reasons, where something was dropped."""
    console.print(_lengths_table(survey))
    if survey.rejects:
        console.print(_reasons_table(survey))


def _lengths_table(survey: Survey) -> Table:
    table = Table(title="Tokens of the examples that are kept", title_justify="left")
    table.add_column("source", overflow="fold")
    for name in ("examples", "dropped", "mean", "median", "p90", "p99", "longest", "total"):
        table.add_column(name, justify="right")
    for limit in LONG:
        table.add_column(f"> {limit // 1024}k", justify="right")
    for part in _with_sum(survey):
        spread = describe(part.lengths)
        numbers = (spread.mean, spread.median, spread.p90, spread.p99, spread.longest, spread.total)
        counts = (f"{spread.examples:,}", f"{part.reasons.total():,}", *(f"{number:,.0f}" for number in numbers))
        table.add_row(part.name, *counts, *(f"{100 * share:.1f} %" for share in spread.above))
    return table


def _reasons_table(survey: Survey) -> Table:
    table = Table(title="Dropped", title_justify="left")
    table.add_column("reason")
    parts = _with_sum(survey)
    for part in parts:
        table.add_column(part.name, justify="right", overflow="fold")
    for reason, _ in parts[-1].reasons.most_common():
        table.add_row(reason, *(f"{part.reasons[reason]:,}" for part in parts))
    return table


def _with_sum(survey: Survey) -> list[Part]:
    """The parts, and where there are several, all together."""
    parts = list(survey.parts)
    if len(parts) > 1:
        reasons = sum((part.reasons for part in parts), Counter[str]())
        parts.append(Part(name="all", reasons=reasons, lengths=survey.lengths))
    return parts
