"""The figure of a sweep: accuracy, the paired gain beside it, and what the thinking cost, by level.

Figures are built as objects, never through pyplot, so drawing changes nothing global and needs no display. Each has a
narrow variant with its panels one below the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.analysis.display.facts import labels_with_facts, shared_facts
from s1m.analysis.display.formats import percent
from s1m.analysis.display.style import (
    MUTED,
    NARROW_INCHES,
    PAPER,
    WIDE_INCHES,
    colour,
    house_style,
    look,
    percent_axis,
    points_axis,
    save_figure,
)
from s1m.analysis.display.words import add_legend, add_note, lay_out, set_title, thin_ticks
from s1m.analysis.run.drawable import common_axis, drawable, facts_of, judge_remark, say_if_empty
from s1m.analysis.run.summary import LevelSummary, Summary
from s1m.analysis.run.tokens_plot import accuracy_against_tokens

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BANDS = 4
"""Runs whose bands do not cover each other so much that none can be read."""

WIDE = 16
"""From this ratio of the highest to the lowest level on, the level axis is logarithmic."""

DODGE = 2.5
"""Points by which the intervals of one run stand beside those of the run before."""


@dataclass(frozen=True, kw_only=True)
class CostPanel:
    """One value by level; a panel of zeros alone is left out, and ``if_zero`` written below the figure."""

    title: str
    value: Callable[[LevelSummary], float]
    least_top: float
    if_zero: str
    of_fractions: bool = False

    def is_zero(self, summaries: Sequence[Summary]) -> bool:
        """Whether there is nothing to see."""
        levels = [level for _, summary in drawable(summaries) for level in summary.levels]
        return bool(levels) and not any(self.value(level) for level in levels)


COST_PANELS = (
    CostPanel(
        title="Mean thinking tokens",
        value=lambda level: level.thinking_tokens_mean,
        least_top=10,
        if_zero="No thinking: 0 tokens at every level.",
    ),
    CostPanel(
        title="Standard deviation of thinking tokens",
        value=lambda level: level.thinking_tokens_std,
        least_top=10,
        if_zero="The same number of thinking tokens for every problem: standard deviation 0 at every level.",
    ),
    CostPanel(
        title="Thinking that did not close by itself",
        value=lambda level: level.stops.invalid,
        least_top=0.05,
        if_zero="All thinking closed by itself: 0 % unclosed at every level.",
        of_fractions=True,
    ),
)


def scaling_panels(summaries: Sequence[Summary], *, narrow: bool = False) -> Figure:
    """Accuracy, paired gain over the first level, and mean, standard deviation and unclosed share of thinking.

    S1-M's four panels (https://github.com/PKU-Alignment/s1-m) with 95 % confidence intervals, and the gain with its
    own. Runs without records are left out.
    """
    from matplotlib.figure import Figure

    shown = [panel for panel in COST_PANELS if not panel.is_zero(summaries)]
    with_gain = any(level.gain_ci95 for summary in summaries for level in summary.levels)
    with house_style():
        figure = Figure(layout="constrained")
        accuracy, gain, costs = arranged(figure, with_gain, len(shown), narrow=narrow)
        draw_accuracy(accuracy, summaries)
        if gain:
            draw_gain(figure, gain, summaries)
        for axes, panel in zip(costs, shown, strict=True):
            draw_lines(axes, summaries, panel)
        for axes, title in zip(figure.axes, titles(summaries, shown, with_gain=with_gain), strict=True):
            set_title(axes, title, width_of(axes, narrow=narrow))
            level_axis(axes, summaries)
            say_if_empty(axes, summaries)
        if gain:
            gain.set_xlim(accuracy.get_xlim())
        add_run_legend(figure, summaries)
        if drawable(summaries):
            add_note(figure, notes(summaries, with_gain=with_gain))
        lay_out(figure)
        for axes in figure.axes:
            thin_ticks(axes)
    return figure


def titles(summaries: Sequence[Summary], shown: Sequence[CostPanel], *, with_gain: bool) -> list[str]:
    """The titles of the panels, in the order in which they were made."""
    interval = ", with 95 % interval" if len(drawable(summaries)) <= MOST_BANDS else ""
    gain = ["Paired gain in points, with 95 % interval"] if with_gain else []
    return [f"Accuracy{interval}{judge_remark(summaries)}", *gain, *(panel.title for panel in shown)]


def notes(summaries: Sequence[Summary], *, with_gain: bool) -> list[str]:
    """What was run, over what the gain is, and a line for each panel that would be empty."""
    firsts = {summary.levels[0].level for _, summary in drawable(summaries)}
    over = f"level {firsts.pop()}" if len(firsts) == 1 else "each run's first level"
    facts = [shared_facts(facts_of(summaries)), f"gain over {over}" if with_gain else ""]
    hidden = [panel.if_zero for panel in COST_PANELS if panel.is_zero(summaries)]
    return [" · ".join(filter(None, facts)), *hidden]


def arranged(figure: Figure, with_gain: bool, costs: int, *, narrow: bool) -> tuple[Axes, Axes | None, list[Axes]]:
    """The panels of accuracy, of gain where there is one, and of ``costs`` costs: in two rows, or one below another."""
    heads = 1 + with_gain
    if narrow:
        figure.set_size_inches(NARROW_INCHES, 2.35 * (heads + costs) + 0.5)
        panels = list(figure.subplots(heads + costs, 1, squeeze=False)[:, 0])
    else:
        figure.set_size_inches(WIDE_INCHES, 6.6 if costs else 3.8)
        rows = figure.add_gridspec(2 if costs else 1, 1)
        panels = list(rows[0].subgridspec(1, heads).subplots(squeeze=False).flat)
        panels += list(rows[1].subgridspec(1, costs).subplots(squeeze=False).flat) if costs else []
    return panels[0], panels[1] if with_gain else None, panels[heads:]


def width_of(axes: Axes, *, narrow: bool) -> float:
    """Inches that a title of a panel may have."""
    spec = axes.get_subplotspec()
    columns = 1 if narrow or spec is None else spec.get_gridspec().ncols
    return (NARROW_INCHES if narrow else WIDE_INCHES) / columns - 0.7


def level_axis(axes: Axes, summaries: Sequence[Summary]) -> None:
    """Levels on the x-axis, each with its tick; logarithmic for a wide range, such as budgets that double."""
    levels = sorted({level.level for summary in summaries for level in summary.levels})
    axes.set_xlabel(common_axis(summaries))
    if levels and levels[0] > 0 and levels[-1] >= WIDE * levels[0]:
        axes.set_xscale("log", base=2)
        axes.minorticks_off()
    axes.set_xticks(levels, [str(level) for level in levels])


def save_figures(summaries: Sequence[Summary], folder: Path) -> tuple[Path, ...]:
    """Write both figures as SVG and PNG (200 dpi) into ``folder``, which is created if missing; returns the paths.

    The same summaries give the same SVG bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"scaling": scaling_panels(summaries), "accuracy_vs_tokens": accuracy_against_tokens(summaries)}
    return tuple(path for name, figure in figures.items() for path in save_figure(figure, folder / name))


def draw_accuracy(axes: Axes, summaries: Sequence[Summary]) -> None:
    """Accuracy as a line, its interval as a band; for a run alone the first level's accuracy as a dashed line."""
    shown = drawable(summaries)
    for number, (_, summary) in enumerate(shown):
        x = [level.level for level in summary.levels]
        low = [level.accuracy_ci95.low for level in summary.levels]
        high = [level.accuracy_ci95.high for level in summary.levels]
        if len(x) == 1:  # a band of zero width would be invisible
            axes.vlines(x, low, high, color=colour(number), alpha=0.45)
        elif len(shown) <= MOST_BANDS:
            axes.fill_between(x, low, high, color=colour(number), alpha=0.14, linewidth=0)
        if len(shown) == 1:
            axes.axhline(summary.levels[0].accuracy, color=MUTED, linestyle=(0, (5, 4)), linewidth=1.1, alpha=0.8)
        axes.plot(x, [level.accuracy for level in summary.levels], **look(number), clip_on=False)
    if len(shown) == 1:
        label_first_level(axes, shown[0][1])
    percent_axis(axes)


def draw_gain(figure: Figure, axes: Axes, summaries: Sequence[Summary]) -> None:
    """The gain over the first level with its paired interval, those of several runs beside each other."""
    from matplotlib.transforms import ScaledTranslation

    axes.axhline(0, color=MUTED, linewidth=1.1)
    shown = drawable(summaries)
    for number, (_, summary) in enumerate(shown):
        levels = [level for level in summary.levels[1:] if level.gain_ci95]
        if not levels:
            continue
        across = DODGE * (number - (len(shown) - 1) / 2)
        moved = axes.transData + ScaledTranslation(across / 72, 0, figure.dpi_scale_trans)
        x = [level.level for level in levels]
        low = [level.gain_ci95.low for level in levels if level.gain_ci95]
        high = [level.gain_ci95.high for level in levels if level.gain_ci95]
        axes.vlines(x, low, high, color=colour(number), alpha=0.5, linewidth=1.6, transform=moved)
        axes.plot(x, [level.gain for level in levels], **look(number), clip_on=False, transform=moved)
    intervals = [level.gain_ci95 for _, summary in shown for level in summary.levels if level.gain_ci95]
    least = min(0.0, *(each.low for each in intervals), 0.0)
    most = max(0.0, *(each.high for each in intervals), 0.0)
    margin = 0.05 * max(most - least, 0.02)
    axes.set_ylim(least - margin, most + margin)  # what is drawn beside its level is not scaled to
    points_axis(axes)


def label_first_level(axes: Axes, summary: Summary) -> None:
    """Name the dashed line of the first level and its accuracy, on the side where the curve is not."""
    first, last = summary.levels[0], summary.levels[-1]
    name = "no stop ignored" if summary.ignoring and first.level == 0 else "first level"
    below = last.accuracy >= first.accuracy
    axes.annotate(
        f"{name}: {percent(first.accuracy)}",
        (1, first.accuracy),
        xycoords=("axes fraction", "data"),
        xytext=(0, -4 if below else 4),
        textcoords="offset points",
        color=MUTED,
        size=8.5,
        ha="right",
        va="top" if below else "bottom",
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )


def draw_lines(axes: Axes, summaries: Sequence[Summary], panel: CostPanel) -> None:
    """One value by level, a line for each run, on a y-axis from zero."""
    for number, (_, summary) in enumerate(drawable(summaries)):
        x = [level.level for level in summary.levels]
        axes.plot(x, [panel.value(level) for level in summary.levels], **look(number), clip_on=False)
    axes.set_ylim(0, max(panel.least_top, axes.get_ylim()[1]))
    if panel.of_fractions:
        percent_axis(axes)


def add_run_legend(figure: Figure, summaries: Sequence[Summary]) -> None:
    """A legend above the figure when there is more than one run to tell apart."""
    from matplotlib.lines import Line2D

    if len(drawable(summaries)) > 1:
        labels = labels_with_facts(facts_of(summaries))
        add_legend(figure, [Line2D([], [], **look(number)) for number in range(len(labels))], labels)
