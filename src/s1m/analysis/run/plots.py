"""The two figures of a sweep: S1-M's four panels, and accuracy against thinking tokens.

Figures are built as objects, never through pyplot, so drawing changes nothing global and needs no display.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.analysis.display.formats import percent
from s1m.analysis.display.style import INK, MUTED, PAPER, colour, house_style, marker, percent_axis, save_figure
from s1m.analysis.run.summary import LevelSummary, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE = 16
"""From this ratio of the highest to the lowest level on, the level axis is logarithmic."""


def four_panels(summaries: Sequence[Summary]) -> Figure:
    """Accuracy, mean thinking tokens, their standard deviation and the fraction of unclosed thinking, by level.

    The figure of S1-M (https://github.com/PKU-Alignment/s1-m), with 95 % confidence intervals. Runs without records are
    left out.
    """
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(10.4, 6.6), layout="constrained")
        accuracy, mean, std, invalid = figure.subplots(2, 2).flat
        draw_accuracy(accuracy, summaries)
        draw_lines(mean, summaries, lambda level: level.thinking_tokens_mean, least_top=10)
        draw_lines(std, summaries, lambda level: level.thinking_tokens_std, least_top=10)
        draw_lines(invalid, summaries, lambda level: level.stops.invalid, least_top=0.05)
        accuracy.set_title(f"Accuracy, with 95 % interval{judge_remark(summaries)}")
        mean.set_title("Mean thinking tokens")
        std.set_title("Standard deviation of thinking tokens")
        invalid.set_title("Thinking that did not close by itself")
        percent_axis(invalid)
        for axes in (accuracy, mean, std, invalid):
            level_axis(axes, summaries)
            say_if_empty(axes, summaries)
        add_legend(figure, summaries)
    return figure


def accuracy_against_tokens(summaries: Sequence[Summary]) -> Figure:
    """Accuracy with its 95 % interval against mean thinking tokens; each point carries its level."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(7.6, 4.8), layout="constrained")
        axes = figure.subplots()
        for number, (_, summary) in enumerate(drawable(summaries)):
            x = [level.thinking_tokens_mean for level in summary.levels]
            y = [level.accuracy for level in summary.levels]
            low = [level.accuracy - level.accuracy_ci95.low for level in summary.levels]
            high = [level.accuracy_ci95.high - level.accuracy for level in summary.levels]
            ink = colour(number)
            axes.errorbar(x, y, yerr=[low, high], fmt="none", ecolor=ink, elinewidth=1.4, alpha=0.45)
            axes.plot(
                x, y, color=ink, marker=marker(number), markersize=12, clip_on=False
            )  # whole markers at zero tokens
            for level, tokens, accuracy in zip(summary.levels, x, y, strict=True):
                label_point(axes, level.level, (tokens, accuracy))
        axes.set_title(f"Accuracy against thinking tokens{judge_remark(summaries)}")
        axes.set_xlabel(f"mean thinking tokens per problem; in each point: {common_axis(summaries)}")
        axes.set_xlim(left=0)
        percent_axis(axes)
        say_if_empty(axes, summaries)
        add_legend(figure, summaries)
    return figure


def common_axis(summaries: Sequence[Summary]) -> str:
    """What the levels of all runs count; "level" where they count different things."""
    axes = {summary.axis for summary in summaries}
    return axes.pop() if len(axes) == 1 else "level"


def level_axis(axes: Axes, summaries: Sequence[Summary]) -> None:
    """Levels on the x-axis, each with its tick; logarithmic for a wide range, such as budgets that double."""
    levels = sorted({level.level for summary in summaries for level in summary.levels})
    axes.set_xlabel(common_axis(summaries))
    if levels and levels[0] > 0 and levels[-1] >= WIDE * levels[0]:
        axes.set_xscale("log", base=2)
        axes.minorticks_off()
    axes.set_xticks(levels, [str(level) for level in levels])


def label_point(axes: Axes, level: int, point: tuple[float, float]) -> None:
    """Write the level into its point, or above it where it is too long."""
    if level < 100:
        axes.annotate(str(level), point, color=PAPER, size=8, weight="bold", ha="center", va="center")
    else:
        axes.annotate(
            str(level), point, xytext=(0, 8), textcoords="offset points", color=MUTED, size=8, ha="center", va="bottom"
        )


def judge_remark(summaries: Sequence[Summary]) -> str:
    """A remark for a figure's title where a judge model gave some verdicts; else empty."""
    return ", in part judged by a model" if any(summary.judge for summary in summaries) else ""


def save_figures(summaries: Sequence[Summary], folder: Path) -> tuple[Path, ...]:
    """Write both figures as SVG and PNG (200 dpi) into ``folder``, which is created if missing; returns the paths.

    The same summaries give the same SVG bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"scaling": four_panels(summaries), "accuracy_vs_tokens": accuracy_against_tokens(summaries)}
    return tuple(path for name, figure in figures.items() for path in save_figure(figure, folder / name))


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


def draw_accuracy(axes: Axes, summaries: Sequence[Summary]) -> None:
    """Accuracy as a line, its interval as a band, and the accuracy of the first level as a dashed line."""
    shown = drawable(summaries)
    for number, (_, summary) in enumerate(shown):
        x = [level.level for level in summary.levels]
        ink = colour(number)
        low = [level.accuracy_ci95.low for level in summary.levels]
        high = [level.accuracy_ci95.high for level in summary.levels]
        if len(x) > 1:
            axes.fill_between(x, low, high, color=ink, alpha=0.14, linewidth=0)
        else:  # a band of zero width would be invisible
            axes.vlines(x, low, high, color=ink, alpha=0.45)
        axes.axhline(summary.levels[0].accuracy, color=ink, linestyle=(0, (5, 4)), linewidth=1.1, alpha=0.8)
        y = [level.accuracy for level in summary.levels]
        axes.plot(x, y, color=ink, marker=marker(number), clip_on=False)
    if len(shown) == 1:
        label_first_level(axes, shown[0][1])
    percent_axis(axes)


def label_first_level(axes: Axes, summary: Summary) -> None:
    """Name the dashed line of the first level and its accuracy."""
    first = summary.levels[0]
    name = "no stop ignored" if summary.ignoring and first.level == 0 else "first level"
    axes.annotate(
        f"{name}: {percent(first.accuracy)}",
        (1, first.accuracy),
        xycoords=("axes fraction", "data"),
        xytext=(0, -4),
        textcoords="offset points",
        color=MUTED,
        size=8.5,
        ha="right",
        va="top",
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )


def draw_lines(
    axes: Axes, summaries: Sequence[Summary], value: Callable[[LevelSummary], float], least_top: float
) -> None:
    """One value by level, a line for each run, on a y-axis from zero to at least ``least_top``."""
    for number, (_, summary) in enumerate(drawable(summaries)):
        x = [level.level for level in summary.levels]
        y = [value(level) for level in summary.levels]
        axes.plot(x, y, color=colour(number), marker=marker(number), clip_on=False)
    axes.set_ylim(0, max(least_top, axes.get_ylim()[1]))


def say_if_empty(axes: Axes, summaries: Sequence[Summary]) -> None:
    """Write "no records yet" into the panel instead of showing an empty frame."""
    if not drawable(summaries):
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, "no records yet", transform=axes.transAxes, color=MUTED, ha="center", va="center")


def add_legend(figure: Figure, summaries: Sequence[Summary]) -> None:
    """A legend above the figure when there is more than one run to tell apart."""
    from matplotlib.lines import Line2D

    labels = [label for label, _ in drawable(summaries)]
    if len(labels) > 1:
        handles = [Line2D([], [], color=colour(number), marker=marker(number)) for number in range(len(labels))]
        figure.legend(handles, labels, loc="outside upper left", ncols=min(4, len(labels)), labelcolor=INK)
