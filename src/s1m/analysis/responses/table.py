"""The table of scored responses: both accuracies, every part, and the rules that decided."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from s1m.analysis.responses.tally import Count, Tally
from s1m.analysis.run.wording import groups_text, judge_sentence, percent, range_text
from s1m.types import Benchmark


def print_tally(tally: Tally, benchmark: Benchmark, console: Console) -> None:
    """Both accuracies, every part, and the rules that decided."""
    table = Table(title=f"{benchmark.title}", title_justify="left", box=None, header_style="bold")
    table.add_column("", no_wrap=True)
    judged = tally.whole.judged > 0
    for column in ("responses", "strict", "95 %", "official", "no answer", *(("judged",) if judged else ())):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_row("all", *_cells(tally.whole, judged=judged))
    for key, found in tally.parts.items():
        table.add_section()
        for value in sorted(found):
            table.add_row(f"{key}: {value}", *_cells(found[value], judged=judged))
    console.print(table)
    if tally.measured:
        _print_measures(tally, console)
    if judged:
        console.print(judge_sentence(tally.whole.judged, tally.whole.responses, tally.judge), soft_wrap=True)
    rules = ", ".join(f"{rule} {count}" for rule, count in tally.rules.most_common())
    console.print(f"rules: {rules}", soft_wrap=True)
    if tally.errors:
        console.print(f"{tally.errors} lines have no response: errors of the run, not scored", soft_wrap=True)
    if tally.whole.official > tally.whole.strict and tally.whole.no_answer:
        console.print(
            "official scorers may give credit to text that commits to no answer; strict never does", soft_wrap=True
        )


def _print_measures(tally: Tally, console: Console) -> None:
    """What the benchmark measures over groups of problems, by either verdict."""
    strict, official = tally.measures().values()
    table = Table(box=None, header_style="bold")
    table.add_column("", no_wrap=True)
    for column in ("by strict", "by official"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, value in strict.shares.items():
        table.add_row(name, percent(value), percent(official.shares.get(name)))
    if strict.shares:
        console.print(table)
    console.print(groups_text(strict), soft_wrap=True)


def _cells(count: Count, *, judged: bool) -> tuple[str, ...]:
    strict, official = count.strict_share, count.official_share
    return (
        f"{count.responses:,}",
        percent(strict.accuracy),
        range_text(strict.ci95),
        percent(official.accuracy),
        f"{count.no_answer:,}",
        *((f"{count.judged:,}",) if judged else ()),
    )
