"""``s1m data stats``: how long the responses of any number of datasets are, as a table and a figure."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from s1m.analysis.display.style import save_figure
from s1m.data.stats.measure import Spread, measure
from s1m.data.stats.plot import plot_lengths
from s1m.datasets.lengths import LONG, describe
from s1m.datasets.source import Source
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError
from s1m.files.printing import Printer, print_json
from s1m.files.writing import replace_file

DOMAIN = "domain"
WIDTH = 140
MOST_GROUPS = 12
"""Groups of a source that the table shows; all of them are in the JSON."""


def show_stats(
    sources: Sequence[Source], counter: TokenCounter, *, column: str, by: str, out: Path, as_json: bool
) -> int:
    """Measure every source, print the table, and write ``lengths.png``, its SVG and ``stats.json`` to ``out``.

    Raises ``DataError`` for a source without any text, and where no row has the column ``by``; unnamed, it is domain.
    """
    counter.check()
    spreads = measure_all(sources, counter, column=column, by=by or DOMAIN)
    if by and not any(spread.groups for spread in spreads):
        raise DataError(f"no row has anything in a column {by}; leave out --by, or name another")
    values = {
        "tokens": counter.by,
        "column": column,
        "by": by or DOMAIN,
        "sources": [as_dict(spread) for spread in spreads],
    }
    try:
        replace_file(out / "stats.json", json.dumps(values, indent=2) + "\n")
        save_figure(plot_lengths(spreads, counter.by), out / "lengths")
    except OSError as error:
        raise DataError(f"cannot write to {out}: {error.strerror}") from None
    console = Printer(stderr=as_json, soft_wrap=False)
    if not console.is_terminal:
        console.width = WIDTH  # in a file or a pipe nothing need be folded
    print_spreads(spreads, console)
    console.print(f"tokens {counter.by}; figure: {out / 'lengths.png'}", soft_wrap=True)
    if as_json:
        print_json(values)
    return 0


def measure_all(sources: Sequence[Source], counter: TokenCounter, *, column: str, by: str) -> list[Spread]:
    """The spread of every source, with a live line on a terminal. Raises ``DataError`` for one without any text."""
    console = Printer(stderr=True)
    spreads = []
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        for source in sources:
            task = progress.add_task(source.path)
            spread = Spread(name=source.path)
            for spread in measure(source, counter, column=column, by=by, workers=os.cpu_count() or 1):
                progress.update(task, description=f"{source.path}: {spread.counts.total():,} rows")
            progress.remove_task(task)
            if not spread.counts:
                reasons = ", ".join(f"{reason} ({count:,})" for reason, count in spread.broken.most_common(3))
                raise DataError(f"{source.path} has no responses to measure: {reasons or 'it has no rows'}")
            spreads.append(spread)
    return spreads


def as_dict(spread: Spread) -> dict[str, Any]:
    """The numbers of a source and of its groups, as JSON has them."""
    groups = {group: _numbers(spread, group) for group in spread.groups}
    return {"name": spread.name, **_numbers(spread), "broken": dict(spread.broken), "groups": groups}


def _numbers(spread: Spread, group: str | None = None) -> dict[str, Any]:
    numbers = asdict(describe(spread.lengths(group)))
    fractions = dict(zip((f"above_{limit}" for limit in LONG), numbers.pop("above"), strict=True))
    return {"rows": numbers.pop("examples"), **numbers, **fractions}


def print_spreads(spreads: Sequence[Spread], console: Console) -> None:
    """Print a line for every source, and one for each of its groups where it has several."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("source", overflow="fold")
    for name in ("rows", "mean", "median", "p90", "p99", "longest", *(f"> {limit:,}" for limit in LONG), "broken"):
        table.add_column(name, justify="right", overflow="fold")
    for spread in spreads:
        table.add_row(spread.label, *_cells(spread), f"{spread.broken.total():,}", style="bold")
        groups = spread.groups if len(spread.groups) > 1 else []
        for group in groups[:MOST_GROUPS]:
            table.add_row(f"  {group}", *_cells(spread, group))
        if len(groups) > MOST_GROUPS:
            table.add_row(f"  ({len(groups) - MOST_GROUPS:,} more)")
    console.print(table)


def _cells(spread: Spread, group: str | None = None) -> list[str]:
    lengths = describe(spread.lengths(group))
    numbers = (lengths.mean, lengths.median, lengths.p90, lengths.p99, lengths.longest)
    return [
        f"{lengths.examples:,}",
        *(f"{number:,.0f}" for number in numbers),
        *(f"{100 * fraction:.1f} %" for fraction in lengths.above),
    ]
