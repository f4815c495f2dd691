"""The figure of a tuning: accuracy against tokens of every candidate on the certification part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s1m.analysis.display.style import INK, MUTED, NARROW_INCHES, PAPER, RULE, colour, house_style, marker, percent_axis
from s1m.analysis.tuning.choose import Choice, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    "level": "a level",
    "agree": "answers agree",
    "confident": "confident",
    "agree_or_confident": "agree or confident",
    "logistic": "logistic score",
}


def accuracy_against_tokens(choice: Choice, allowed: float, bound: float, *, narrow: bool = False) -> Figure:
    """Every candidate as a point, the levels joined; the chosen one ringed, with its ``bound``, a fraction.

    The legend of a ``narrow`` figure stands below it.
    """
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(NARROW_INCHES, 5.4) if narrow else (10.4, 5.4), layout="constrained")
        axes = figure.subplots()
        draw_allowed(axes, choice, allowed)
        for number, (kind, name) in enumerate(NAMES.items()):
            draw_kind(axes, [trial for trial in choice.trials if trial.rule.kind == kind], number, name)
        draw_chosen(axes, choice, bound)
        axes.set_title(
            "Accuracy on held-out problems" if narrow else "Accuracy against generated tokens, on held-out problems"
        )
        axes.set_xlabel("generated tokens per problem")
        axes.margins(x=0.03)
        percent_axis(axes)
        known = axes.get_legend_handles_labels()
        if narrow:
            figure.legend(*known, loc="outside lower center", ncols=2, labelcolor=INK)
        else:
            figure.legend(*known, loc="outside right upper", labelcolor=INK)
    return figure


def draw_allowed(axes: Axes, choice: Choice, allowed: float) -> None:
    """The accuracy of the reference level, and how far below it the true accuracy may lie."""
    reference = choice.reference
    accuracy = reference.certification.accuracy
    axes.axhspan(accuracy - allowed, accuracy, color=RULE, zorder=0, label=f"loss allowed: {100 * allowed:g} points")
    axes.axhline(
        accuracy, color=MUTED, linewidth=1.1, linestyle=":", zorder=1, label=f"level {reference.rule.first}"
    )  # fmt: skip


def draw_kind(axes: Axes, trials: list[Trial], number: int, name: str) -> None:
    """The candidates of one kind."""
    if not trials:
        return
    parts = [trial.certification for trial in trials]
    axes.plot(
        [part.tokens for part in parts], [part.accuracy for part in parts], color=colour(number),
        linestyle="-" if name == NAMES["level"] else "none", marker=marker(number), markersize=6.5,
        markeredgecolor=PAPER, markeredgewidth=0.5, zorder=3, label=name,
    )  # fmt: skip


def draw_chosen(axes: Axes, choice: Choice, bound: float) -> None:
    """A ring around the chosen rule, and a bar from there to the lowest accuracy that its bound leaves."""
    part = choice.chosen.certification
    if choice.certified:
        lowest = choice.reference.certification.accuracy - bound
        axes.plot(
            [part.tokens] * 2, [part.accuracy, lowest], color=INK, linewidth=1.6, marker="_", markersize=9,
            markevery=[1], zorder=2, label="certified bound",
        )  # fmt: skip
    axes.plot(
        [part.tokens], [part.accuracy], linestyle="none", marker="o", markersize=15, markerfacecolor="none",
        markeredgecolor=INK, markeredgewidth=1.6, zorder=4, label="the policy",
    )  # fmt: skip
