"""The table of a run in the terminal: one row for each level, then cost, slope and failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s1m.analysis.display.formats import percent, range_text
from s1m.analysis.run.sentences import (
    NO_RECORDS,
    biases_sentence,
    cost_sentence,
    failed_sentence,
    gain_text,
    judge_note,
    latency_sentence,
    measures_sentence,
    model_name,
    money_sentence,
    problems_text,
    samples_sentence,
    slope_sentence,
    strategy_text,
)
from s1m.analysis.run.summary import LevelSummary, Summary

if TYPE_CHECKING:
    from rich.console import Console


def print_table(summary: Summary, console: Console | None = None) -> None:
    """Print the levels of a run and its cost to ``console``, by default standard output; one line without records."""
    from rich.table import Table
    from rich.text import Text

    from s1m.files.printing import Printer, escaped

    console = console or Printer(soft_wrap=False)
    heading = f"{summary.benchmark} · {model_name(summary)} · {problems_text(summary)}"
    if not summary.levels:
        line = f"{heading}: {failed_sentence(summary) or NO_RECORDS}"
        console.print(Text(escaped(line)), soft_wrap=True)
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
        table.add_column(name, justify="right", overflow="fold")
    for level in summary.levels:
        table.add_row(*level_cells(level), style="bold" if level is summary.best else None)
    console.print(table)
    for sentence in (
        samples_sentence(summary),
        biases_sentence(summary),
        judge_note(summary),
        cost_sentence(summary),
        money_sentence(summary),
        latency_sentence(summary),
        slope_sentence(summary),
        measures_sentence(summary),
    ):
        if sentence:
            console.print(Text(escaped(sentence)))
    if summary.failed:
        console.print(Text(failed_sentence(summary), style="bold red"), soft_wrap=True)


def level_cells(level: LevelSummary) -> list[str]:
    """The cells of a level's row; thinking is the mean number of tokens."""
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
