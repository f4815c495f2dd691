"""What the figures of runs have in common: which runs are drawn, their names, and what is said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from s1m.analysis.display.facts import RunFacts
from s1m.analysis.display.style import MUTED
from s1m.analysis.run.sentences import model_name
from s1m.analysis.run.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def run_labels(summaries: Sequence[Summary]) -> list[str]:
    """The names of the runs' folders; a repeated name gets a number."""
    seen: Counter[str] = Counter()
    labels = []
    for summary in summaries:
        seen[summary.run] += 1
        labels.append(summary.run if seen[summary.run] == 1 else f"{summary.run} ({seen[summary.run]})")
    return labels


def drawable(summaries: Sequence[Summary]) -> list[tuple[str, Summary]]:
    """Labels and summaries of the runs that have records."""
    pairs = zip(run_labels(summaries), summaries, strict=True)
    return [(label, summary) for label, summary in pairs if summary.levels]


def facts_of(summaries: Sequence[Summary]) -> list[RunFacts]:
    """The runs that have records as figures name them."""
    return [run_facts(summary, label) for label, summary in drawable(summaries)]


def run_facts(summary: Summary, label: str) -> RunFacts:
    """A run as figures name it."""
    return RunFacts(
        label=label,
        benchmark=summary.benchmark,
        model=model_name(summary),
        problems=summary.problems,
        samples=summary.samples,
        temperature=summary.temperature,
    )


def common_axis(summaries: Sequence[Summary]) -> str:
    """What the levels of all runs count; "level" where they count different things."""
    axes = {summary.axis for summary in summaries}
    return axes.pop() if len(axes) == 1 else "level"


def judge_remark(summaries: Sequence[Summary]) -> str:
    """A remark for a figure's title where a judge model gave some verdicts; else empty."""
    return ", in part judged by a model" if any(summary.judge for summary in summaries) else ""


def say_if_empty(axes: Axes, summaries: Sequence[Summary]) -> None:
    """Write "no records yet" into the panel instead of showing an empty frame."""
    if not drawable(summaries):
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no records yet", transform=axes.transAxes, color=MUTED, ha="center", va="center")
