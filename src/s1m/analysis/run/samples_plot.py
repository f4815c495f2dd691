"""The figure of several samples: pass@k and maj@k against k, at the first level of a run and at its last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s1m.analysis.display.facts import labels_with_facts, shared_facts
from s1m.analysis.display.style import NARROW_INCHES, SERIES, WIDE_INCHES, colour, house_style, look, percent_axis
from s1m.analysis.display.words import add_legend, add_note, lay_out
from s1m.analysis.run.drawable import drawable, facts_of
from s1m.analysis.run.summary import LevelSummary, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def has_samples(summaries: Sequence[Summary]) -> bool:
    """Whether any run has several samples of every problem."""
    return any(level.at_k for summary in summaries for level in summary.levels)


def against_samples(summaries: Sequence[Summary], *, narrow: bool = False) -> Figure:
    """pass@k and maj@k with 95 % bands: a line for the first and one for the last level of each run.

    With more of them than there are styles, the first levels are left out.
    """
    from matplotlib.figure import Figure

    lines = lines_of(summaries)
    with house_style():
        size = (NARROW_INCHES, 5.2) if narrow else (WIDE_INCHES, 4.1)
        figure = Figure(figsize=size, layout="constrained")
        rows, columns = (2, 1) if narrow else (1, 2)
        passes, majorities = figure.subplots(rows, columns, sharey=True, squeeze=False).flat
        for number, (_, level) in enumerate(lines):
            draw(passes, level, number, of_majority=False, band=len(lines) <= 4)
            draw(majorities, level, number, of_majority=True, band=len(lines) <= 4)
        for axes, title in ((passes, "pass@k"), (majorities, "maj@k")):
            axes.set_title(title)
            axes.set_xlabel("samples (k)")
            percent_axis(axes)
            sample_ticks(axes)
        add_legend(figure, passes.get_lines(), [label for label, _ in lines])
        add_note(figure, [shared_facts(facts_of([summary for summary in summaries if has_samples([summary])]))])
        lay_out(figure)
    return figure


def lines_of(summaries: Sequence[Summary]) -> list[tuple[str, LevelSummary]]:
    """The lines with their labels."""
    names = labels_with_facts(facts_of(summaries))
    runs = [(name, summary) for name, (_, summary) in zip(names, drawable(summaries), strict=True)]
    several = len(runs) > 1
    both = [
        (f"{name}, level {level.level}" if several else f"level {level.level}", level, summary)
        for name, summary in runs
        for level in dict.fromkeys((summary.levels[0], summary.levels[-1]))
        if level.at_k
    ]
    few = len(both) <= len(SERIES)
    return [(label, level) for label, level, summary in both if few or level is summary.levels[-1]]


def sample_ticks(axes: Axes) -> None:
    """Whole numbers of samples only."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))


def draw(axes: Axes, level: LevelSummary, number: int, *, of_majority: bool, band: bool) -> None:
    """One line, with its band where there are few."""
    x = [each.k for each in level.at_k]
    y = [each.maj_at_k if of_majority else each.pass_at_k for each in level.at_k]
    bands = [each.maj_ci95 if of_majority else each.pass_ci95 for each in level.at_k]
    if band:
        low, high = [each.low for each in bands], [each.high for each in bands]
        axes.fill_between(x, low, high, color=colour(number), alpha=0.14, linewidth=0)
    axes.plot(x, y, **look(number), clip_on=False)
