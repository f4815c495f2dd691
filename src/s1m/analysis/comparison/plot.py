"""The figure of a comparison: accuracy against cost, all runs in one panel, with the Pareto front."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s1m.analysis.comparison.cost import Unit, cost_text
from s1m.analysis.comparison.findings import Comparison, RunCurve
from s1m.analysis.display.facts import RunFacts, labels_with_facts, shared_facts
from s1m.analysis.display.style import (
    NARROW_INCHES,
    PAPER,
    RULE,
    WIDE_INCHES,
    colour,
    house_style,
    look,
    percent_axis,
)
from s1m.analysis.display.words import add_legend, add_note, label_points, lay_out, set_title, wrapped
from s1m.analysis.run.sentences import short_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES: dict[Unit, str] = {
    "tokens": "generated tokens per problem",
    "flops": "floating-point operations per problem",
    "seconds": "wall-clock seconds per problem",
}


def accuracy_against_cost(comparison: Comparison, *, narrow: bool = False) -> Figure:
    """Accuracy with its 95 % interval against the mean cost of a problem, and the Pareto front as a grey step line.

    A point on the front carries its level, where there is room.
    """
    from matplotlib.figure import Figure

    facts = [facts_of_curve(curve, comparison.benchmark) for curve in comparison.curves]
    width = NARROW_INCHES if narrow else WIDE_INCHES
    with house_style():
        figure = Figure(figsize=(width, 3.9 if narrow else 5.2), layout="constrained")
        axes = figure.subplots()
        draw_front(axes, comparison)
        for number, curve in enumerate(comparison.curves):
            draw_curve(axes, curve, number)
        set_title(axes, f"Accuracy against {AXES[comparison.unit]}", width - 0.7)
        axes.set_xlabel(wrapped(f"{AXES[comparison.unit]}, on a logarithmic axis", width - 0.7, 9.5))
        axes.margins(x=0.03)
        if all(point.cost > 0 for curve in comparison.curves for point in curve.points):
            cost_axis(axes, comparison.unit, narrow=narrow)
        percent_axis(axes)
        handles, _ = axes.get_legend_handles_labels()
        add_legend(figure, handles, ["Pareto front", *labels_with_facts(facts)])
        add_note(figure, [shared_facts(facts), "Numbers: levels on the Pareto front."])
        lay_out(figure)
        points = [point for curve in comparison.curves for point in curve.points]
        bars = [(point.cost, point.accuracy_ci95.low, point.accuracy_ci95.high) for point in points]
        label_points(axes, [labelled(curve) for curve in comparison.curves], bars)
    return figure


def facts_of_curve(curve: RunCurve, benchmark: str) -> RunFacts:
    """A run of the comparison as figures name it."""
    return RunFacts(
        label=curve.label,
        benchmark=benchmark,
        model=short_model(curve.model, curve.engine),
        problems=curve.problems,
        samples=curve.samples,
        temperature=curve.temperature,
    )


def labelled(curve: RunCurve) -> list[tuple[float, float, str]]:
    """The points of a run with their texts: the level on the front, nothing elsewhere."""
    return [(point.cost, point.accuracy, str(point.level) if point.on_front else "") for point in curve.points]


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
    x = [point.cost for point in curve.points]
    y = [point.accuracy for point in curve.points]
    low = [point.accuracy_ci95.low for point in curve.points]
    high = [point.accuracy_ci95.high for point in curve.points]
    axes.vlines(x, low, high, color=colour(number), linewidth=1.1, alpha=0.3, zorder=2)
    axes.plot(
        x, y, **look(number) | {"markersize": 7}, markeredgecolor=PAPER, markeredgewidth=0.5, clip_on=False, zorder=3,
        label=str(number),
    )  # fmt: skip


def cost_axis(axes: Axes, unit: Unit, *, narrow: bool) -> None:
    """A logarithmic axis with ticks at 1, 2 and 5 times powers of ten, where there is room for them."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    subs = (1, 2, 5) if not narrow or high < 30 * low else (1, 3) if high < 300 * low else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda cost, _: cost_text(cost, unit)))
