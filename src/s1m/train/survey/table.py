"""A survey as a table: how long the examples of each source are, and how many were dropped for what."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table

from s1m.datasets.lengths import LONG, describe
from s1m.train.survey.measure import Part, Survey


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
