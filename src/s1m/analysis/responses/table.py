"""The table of scored responses: both accuracies, every part, and the rules that decided."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from s1m.analysis.display.formats import counted, percent, range_text
from s1m.analysis.responses.counts import ResponseCounts, VerdictCounts
from s1m.analysis.run.sentences import groups_text, judge_sentence
from s1m.analysis.statistics.bias import beyond_chance, bias_sentences
from s1m.types import Benchmark


def print_counts(counts: ResponseCounts, benchmark: Benchmark, console: Console) -> None:
    """Print both accuracies, every part, and the rules that decided."""
    table = Table(title=benchmark.title, title_justify="left", box=None, header_style="bold")
    table.add_column("", overflow="fold")
    judged = counts.whole.judged > 0
    for column in ("responses", "strict", "95 %", "official", "no answer", *(("judged",) if judged else ())):
        table.add_column(column, justify="right", overflow="fold")
    table.add_row("all", *_cells(counts.whole, judged=judged))
    for key, values in counts.parts.items():
        table.add_section()
        for value in sorted(values):
            table.add_row(f"{key}: {value}", *_cells(values[value], judged=judged))
    console.print(table)
    if counts.measured:
        _print_measures(counts, console)
    if judged:
        console.print(judge_sentence(counts.whole.judged, counts.whole.responses, counts.judge), soft_wrap=True)
    if counts.whole.problems < counts.whole.responses:
        console.print(
            f"{counts.whole.responses:,} responses to {counted(counts.whole.problems, 'problem')}: an accuracy is the "
            "mean over problems of the correct fraction of their samples",
            soft_wrap=True,
        )
        if several := counts.whole.at_k:
            shown = (f"{each.k}: {percent(each.maj_at_k)}, {percent(each.pass_at_k)}" for each in several)
            console.print(f"strict maj@k and pass@k by k: {'; '.join(shown)}", soft_wrap=True)
    for sentence in bias_sentences(beyond_chance(counts.answered)):
        console.print(sentence, soft_wrap=True)
    rules = ", ".join(f"{rule} {count}" for rule, count in counts.rules.most_common())
    console.print(f"rules: {rules}", soft_wrap=True)
    if counts.errors:
        console.print(
            f"{counted(counts.errors, 'line')} without a response: errors of the recording run, not scored",
            soft_wrap=True,
        )
    if counts.whole.official > counts.whole.strict and counts.whole.no_answer:
        console.print(
            "an official scorer may give credit to text without a committed answer; strict never does", soft_wrap=True
        )


def _print_measures(counts: ResponseCounts, console: Console) -> None:
    """Print the benchmark's measures over groups of problems, by either verdict."""
    strict, official = counts.measures().values()
    table = Table(box=None, header_style="bold")
    table.add_column("", overflow="fold")
    for column in ("by strict", "by official"):
        table.add_column(column, justify="right", overflow="fold")
    for name, value in strict.shares.items():
        table.add_row(name, percent(value), percent(official.shares.get(name)))
    if strict.shares:
        console.print(table)
    console.print(groups_text(strict), soft_wrap=True)


def _cells(counts: VerdictCounts, *, judged: bool) -> tuple[str, ...]:
    strict, official = counts.strict_accuracy, counts.official_accuracy
    return (
        f"{counts.responses:,}",
        percent(strict.accuracy),
        range_text(strict.ci95),
        percent(official.accuracy),
        f"{counts.no_answer:,}",
        *((f"{counts.judged:,}",) if judged else ()),
    )
