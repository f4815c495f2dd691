"""The figure of accuracy against thinking tokens: one point a level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s1m.analysis.display.facts import labels_with_facts, shared_facts
from s1m.analysis.display.style import NARROW_INCHES, colour, house_style, look, percent_axis
from s1m.analysis.display.words import add_legend, add_note, label_points, lay_out, set_title, wrapped
from s1m.analysis.run.drawable import common_axis, drawable, facts_of, judge_remark, say_if_empty
from s1m.analysis.run.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES = 7.6


def accuracy_against_tokens(summaries: Sequence[Summary], *, narrow: bool = False) -> Figure:
    """Accuracy with its 95 % interval against mean thinking tokens; points carry their level where there is room."""
    from matplotlib.figure import Figure

    shown = drawable(summaries)
    width = NARROW_INCHES if narrow else INCHES
    with house_style():
        figure = Figure(figsize=(width, 3.6 if narrow else 4.8), layout="constrained")
        axes = figure.subplots()
        for number, (_, summary) in enumerate(shown):
            draw_run(axes, summary, number)
        set_title(axes, f"Accuracy against thinking tokens{judge_remark(summaries)}", width - 0.7)
        axes.set_xlabel(wrapped("mean thinking tokens per problem", width - 0.7, 9.5))
        axes.set_xlim(left=0)
        percent_axis(axes)
        say_if_empty(axes, summaries)
        if len(shown) > 1:
            handles, _ = axes.get_legend_handles_labels()
            add_legend(figure, handles, labels_with_facts(facts_of(summaries)))
        if shown:
            numbers = f"Beside each point: {common_axis(summaries)}."
            add_note(figure, [shared_facts(facts_of(summaries)), numbers])
        lay_out(figure)
        points = [
            [(level.thinking_tokens_mean, level.accuracy, str(level.level)) for level in summary.levels]
            for _, summary in shown
        ]
        bars = [
            (level.thinking_tokens_mean, level.accuracy_ci95.low, level.accuracy_ci95.high)
            for _, summary in shown
            for level in summary.levels
        ]
        label_points(axes, points, bars)
    return figure


def draw_run(axes: Axes, summary: Summary, number: int) -> None:
    """One run: its line and the intervals of its points."""
    x = [level.thinking_tokens_mean for level in summary.levels]
    y = [level.accuracy for level in summary.levels]
    low = [level.accuracy_ci95.low for level in summary.levels]
    high = [level.accuracy_ci95.high for level in summary.levels]
    axes.vlines(x, low, high, color=colour(number), linewidth=1.4, alpha=0.4)
    axes.plot(x, y, **look(number), clip_on=False, label=str(number))  # whole markers at zero tokens
