"""A survey as a table: how long the examples of each source are, and how many were dropped for which reason."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table

from s1m.datasets.lengths import LONG, describe
from s1m.train.survey.measure import Part, Survey


def print_survey(survey: Survey, console: Console) -> None:
    """Print a column for every source: its examples, their lengths, and how many were dropped for which reason."""
    parts = _with_sum(survey)
    table = Table()
    table.add_column("")
    for part in parts:
        table.add_column(part.name, justify="right", overflow="fold")
    lengths = [describe(part.lengths) for part in parts]
    table.add_row("examples", *(f"{each.examples:,}" for each in lengths))
    table.add_row("tokens", *(f"{each.total:,}" for each in lengths))
    for name in ("mean", "median", "p90", "p99", "longest"):
        table.add_row(f"  {name}", *(f"{getattr(each, name):,.0f}" for each in lengths))
    for index, limit in enumerate(LONG):
        table.add_row(f"  over {limit:,}", *(f"{100 * each.above[index]:.1f} %" for each in lengths))
    table.add_section()
    table.add_row("dropped", *(f"{part.reasons.total():,}" for part in parts))
    for reason, _ in parts[-1].reasons.most_common():
        table.add_row(f"  {reason}", *(f"{part.reasons[reason]:,}" for part in parts))
    console.print(table)


def _with_sum(survey: Survey) -> list[Part]:
    """The parts, and where there are several, their sum."""
    parts = list(survey.parts)
    if len(parts) > 1:
        reasons = sum((part.reasons for part in parts), Counter[str]())
        parts.append(Part(name="all", reasons=reasons, lengths=survey.lengths))
    return parts
