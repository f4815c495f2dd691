"""The table of a run in the terminal: one row a level, then what the sweep cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s1m.analysis.run.summary import LevelSummary, Summary
from s1m.analysis.run.wording import (
    cost_sentence,
    gain_text,
    judge_note,
    measures_sentence,
    model_name,
    percent,
    range_text,
    slope_sentence,
    strategy_text,
)

if TYPE_CHECKING:
    from rich.console import Console


def print_table(summary: Summary, console: Console | None = None) -> None:
    """Print the levels of a run and its cost to ``console``, by default standard output."""
    from rich.table import Table
    from rich.text import Text

    from s1m.files.printing import Printer, escaped

    console = console or Printer(soft_wrap=False)
    heading = f"{summary.benchmark} · {model_name(summary)} · {summary.problems} problems"
    if not summary.levels:
        console.print(Text(f"{escaped(heading)}: no records yet, so there is nothing to count."))
        return
    table = Table(
        title=Text(escaped(f"{heading}\n{strategy_text(summary)}; level: {summary.axis}")),
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for name in ("level", "accuracy", "95 %", "gain", "paired 95 %", "thinking", "unclosed", "lost"):
        table.add_column(name, justify="right", no_wrap=True)
    for level in summary.levels:
        table.add_row(*level_cells(level), style="bold" if level is summary.best else None)
    console.print(table)
    for sentence in (judge_note(summary), cost_sentence(summary), slope_sentence(summary), measures_sentence(summary)):
        if sentence:
            console.print(Text(escaped(sentence)))
    if summary.failed:
        console.print(Text(f"{summary.failed} problems failed and are pending.", style="bold red"))


def level_cells(level: LevelSummary) -> list[str]:
    """A level as the cells of its row; thinking is the mean number of tokens."""
    return [
        str(level.level),
        percent(level.accuracy),
        range_text(level.accuracy_ci95),
        gain_text(level),
        range_text(level.gain_ci95, signed=True),
        f"{level.thinking_tokens_mean:,.0f}",
        percent(level.stops.invalid),
        str(level.lost),
    ]
