"""The comparison in the terminal: one row for each level of each run, then the tests at equal cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s1m.analysis.comparison.cost import cost_text
from s1m.analysis.comparison.findings import Comparison, RunCurve, better_sentences, headline, recommended_sentence
from s1m.analysis.display.formats import UNDEFINED, p_value, percent, points, range_text
from s1m.analysis.run.sentences import brief, money_text
from s1m.analysis.run.summary import LatencySummary, MoneySummary

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print levels, runs, tests and the headline, then the caveats."""
    from rich.text import Text

    from s1m.files.printing import escaped

    tables = (levels_table, runs_table, spent_table, tests_table, differences_table)
    for table in (each(comparison) for each in tables):
        if table.row_count:
            console.print(table)
            console.print()
    console.print(Text(escaped(headline(comparison)), style="bold"))
    for sentence in (*better_sentences(comparison), *map(recommended_sentence, comparison.recommendations)):
        console.print(Text(escaped(sentence)))
    for note in comparison.notes:
        console.print(Text(escaped(note), style="yellow" if note.startswith("Warning") else ""))


def new_table(*columns: str) -> Table:
    """A table without borders: the first column to the left, numbers to the right; what is too wide goes on below."""
    from rich.table import Table

    table = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for index, name in enumerate(columns):
        table.add_column(name, justify="right" if index else "left", overflow="fold")
    return table


def levels_table(comparison: Comparison) -> Table:
    """One row for each level; a star marks the Pareto front."""
    table = new_table("run", "level", comparison.unit, "accuracy", "95 %", "unclosed", "as wrong", "left out")
    for curve in comparison.curves:
        for point in curve.points:
            table.add_row(
                curve.label,
                f"{'*' if point.on_front else ''}{point.level}",
                cost_text(point.cost, comparison.unit),
                percent(point.accuracy),
                range_text(point.accuracy_ci95),
                str(point.unclosed),
                percent(point.unclosed_wrong.accuracy),
                percent(point.unclosed_left_out.accuracy),
            )
    return table


def runs_table(comparison: Comparison) -> Table:
    """s1's metrics of each run, and its mean accuracy over the common range of costs."""
    span = comparison.area_range
    over = " to ".join(cost_text(cost, comparison.unit) for cost in span) if span else "no common range"
    table = new_table("run", "control", "scaling", "performance", f"area, {over}")
    for curve in comparison.curves:
        table.add_row(*run_cells(curve))
    return table


def spent_table(comparison: Comparison) -> Table:
    """Time and money that each run spent on a problem; without rows where neither is known."""
    priced = any(curve.money for curve in comparison.curves)
    timed = any(curve.latency for curve in comparison.curves)
    columns = [*(["p50, p95 a problem", "first token"] * timed), *(["money a problem"] * priced)]
    table = new_table("run", *columns)
    for curve in comparison.curves if columns else ():
        times = [latency_cell(curve.latency), first_token_cell(curve.latency)] * timed
        table.add_row(curve.label, *times, *([money_cell(curve.money)] * priced))
    return table


def money_cell(money: MoneySummary | None) -> str:
    """What a problem cost, all levels of the run together."""
    if money is None or money.per_problem is None:
        return "unknown"
    return f"{money_text(money.per_problem)} {money.currency}"


def latency_cell(latency: LatencySummary | None) -> str:
    """Seconds of a problem, all levels together: median, and 95th percentile."""
    return UNDEFINED if latency is None else f"{brief(latency.seconds_p50)}, {brief(latency.seconds_p95)}"


def first_token_cell(latency: LatencySummary | None) -> str:
    """As ``latency_cell``, of the time until the first token."""
    if latency is None or latency.first_token_p50 is None or latency.first_token_p95 is None:
        return UNDEFINED
    return f"{brief(latency.first_token_p50)}, {brief(latency.first_token_p95)}"


def differences_table(comparison: Comparison) -> Table:
    """One row for each test whatever it costs; the difference is second minus first, in points."""
    table = new_table("whatever the cost", "level", "points", "paired 95 %", "p", "Holm p")
    for test in comparison.differences:
        table.add_row(
            f"{test.one}, {test.other}",
            "best" if test.level is None else str(test.level),
            points(test.difference),
            range_text(test.difference_ci95, signed=True),
            p_value(test.p),
            p_value(test.holm_p),
        )
    return table


def run_cells(curve: RunCurve) -> list[str]:
    """The cells of a run's row."""
    metrics = curve.metrics
    return [
        curve.label,
        percent(metrics.control),
        points(metrics.scaling),
        percent(metrics.performance),
        percent(curve.area),
    ]


def tests_table(comparison: Comparison) -> Table:
    """One row for each pair; the difference is second minus first, in points."""
    table = new_table("at equal cost", comparison.unit, "points", "paired 95 %", "Holm p")
    for pair in comparison.pairs:
        table.add_row(
            f"{pair.one} {pair.one_level}, {pair.other} {pair.other_level}",
            f"{cost_text(pair.one_cost, comparison.unit)}, {cost_text(pair.other_cost, comparison.unit)}",
            points(pair.difference),
            range_text(pair.difference_ci95, signed=True),
            p_value(pair.holm_p),
        )
    return table
