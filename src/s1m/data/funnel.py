"""The funnel of a curation: how many rows each filter was shown, how many it left out, and for what reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from rich.console import Console
from rich.table import Table

MOST_REASONS = 4
"""Reasons of a filter that the table shows, the commonest; all are in the file."""


class Stage(msgspec.Struct, kw_only=True):
    """One filter: rows it was shown, and those it left out, by reason."""

    name: str
    shown: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        """Rows that it left out."""
        return sum(self.reasons.values())

    @property
    def passed(self) -> int:
        """Rows that went on."""
        return self.shown - self.left_out


class Funnel(msgspec.Struct, kw_only=True):
    """All stages in their order. What one lets pass is what the next is shown; the last passes what is kept."""

    rows: int
    stages: list[Stage]
    unit: str = "rows"

    @property
    def kept(self) -> int:
        """What passes all stages."""
        return self.stages[-1].passed if self.stages else self.rows


@dataclass(frozen=True)
class Refusal:
    """That a filter leaves a row out, and why; the part of the reason before a colon is what is counted."""

    filter: str
    reason: str


def build_funnel(rows: int, names: Sequence[str], refusals: Iterable[Refusal], unit: str = "rows") -> Funnel:
    """The funnel of ``rows`` rows through the filters called ``names``; ``KeyError`` for a refusal by any other."""
    reasons: dict[str, Counter[str]] = {name: Counter() for name in names}
    for refusal in refusals:
        reasons[refusal.filter][refusal.reason.partition(":")[0]] += 1
    stages, shown = [], rows
    for name in names:
        stages.append(Stage(name=name, shown=shown, reasons=dict(reasons[name].most_common())))
        shown = stages[-1].passed
    return Funnel(rows=rows, stages=stages, unit=unit)


def print_funnel(funnel: Funnel, console: Console) -> None:
    """Print a line for every filter, and its commonest reasons beneath."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("filter", overflow="fold")
    for name in (f"{funnel.unit} shown", "left out", "passed"):
        table.add_column(name, justify="right", overflow="fold")
    for stage in funnel.stages:
        table.add_row(stage.name, f"{stage.shown:,}", f"{stage.left_out:,}", f"{stage.passed:,}", style="bold")
        if list(stage.reasons) != [stage.name]:
            for reason, count in list(stage.reasons.items())[:MOST_REASONS]:
                table.add_row(f"  {reason}", "", f"{count:,}", "")
    console.print(table)
