"""The figure of a comparison: accuracy against cost, all runs in one panel, with the Pareto front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s1m.analysis.comparison.cost import Unit, cost_text
from s1m.analysis.comparison.findings import Comparison, RunCurve
from s1m.analysis.display.style import INK, MUTED, PAPER, RULE, colour, house_style, line, marker, percent_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES: dict[Unit, str] = {
    "tokens": "generated tokens per problem",
    "flops": "floating-point operations per problem",
    "seconds": "wall-clock seconds per problem",
}


def accuracy_against_cost(comparison: Comparison) -> Figure:
    """Accuracy with its 95 % interval against the mean cost of a problem, and the Pareto front as a grey step line.

    A point on the front carries its level.
    """
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(10.4, 5.6), layout="constrained")
        axes = figure.subplots()
        draw_front(axes, comparison)
        for number, curve in enumerate(comparison.curves):
            draw_curve(axes, curve, number)
        axes.set_title(f"Accuracy against {AXES[comparison.unit]}")
        axes.set_xlabel(f"{AXES[comparison.unit]}, on a logarithmic axis (numbers: levels on the front)")
        axes.margins(x=0.03)
        if all(point.cost > 0 for curve in comparison.curves for point in curve.points):
            cost_axis(axes, comparison.unit)
        percent_axis(axes)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", labelcolor=INK)
    return figure


def draw_front(axes: Axes, comparison: Comparison) -> None:
    """The Pareto front as steps: the highest accuracy at each cost."""
    points = [point for curve in comparison.curves for point in curve.points]
    front = sorted((point.cost, point.accuracy) for point in points if point.on_front)
    most = max(point.cost for point in points)
    x, y = [cost for cost, _ in front], [accuracy for _, accuracy in front]
    axes.plot(
        [*x, most], [*y, y[-1]], drawstyle="steps-post", color=RULE, linewidth=7, solid_capstyle="round",
        solid_joinstyle="round", zorder=1, label="Pareto front",
    )  # fmt: skip


def draw_curve(axes: Axes, curve: RunCurve, number: int) -> None:
    """A run as a line of points with intervals."""
    ink = colour(number)
    x = [point.cost for point in curve.points]
    y = [point.accuracy for point in curve.points]
    low = [point.accuracy - point.accuracy_ci95.low for point in curve.points]
    high = [point.accuracy_ci95.high - point.accuracy for point in curve.points]
    axes.errorbar(x, y, yerr=[low, high], fmt="none", ecolor=ink, elinewidth=1.1, alpha=0.3, zorder=2)
    axes.plot(
        x, y, color=ink, linestyle=line(number), marker=marker(number), markersize=7.5,
        markeredgecolor=PAPER, markeredgewidth=0.5, clip_on=False, zorder=3, label=curve.label,
    )  # fmt: skip
    for point in curve.points:
        if point.on_front:
            axes.annotate(
                str(point.level), (point.cost, point.accuracy), xytext=(-5, 6), textcoords="offset points",
                color=MUTED, size=8.5, ha="right", va="bottom", zorder=4,
            )  # fmt: skip


def cost_axis(axes: Axes, unit: Unit) -> None:
    """A logarithmic axis with ticks at 1, 2 and 5 times powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda cost, _: cost_text(cost, unit)))
