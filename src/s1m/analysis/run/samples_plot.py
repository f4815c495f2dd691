"""The figure of several samples: pass@k and maj@k against k, at the first level of a run and at its last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s1m.analysis.display.style import INK, colour, house_style, marker, percent_axis
from s1m.analysis.run.plots import run_labels
from s1m.analysis.run.summary import LevelSummary, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def has_samples(summaries: Sequence[Summary]) -> bool:
    """Whether any run has several samples of every problem."""
    return any(level.at_k for summary in summaries for level in summary.levels)


def against_samples(summaries: Sequence[Summary]) -> Figure:
    """pass@k and maj@k side by side, with 95 % bands: a line for the first and one for the last level of each run."""
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(10.4, 4.2), layout="constrained")
        passes, majorities = figure.subplots(1, 2, sharey=True)
        lines = [
            (f"{label}, level {level.level}", level)
            for label, summary in zip(run_labels(summaries), summaries, strict=True)
            for level in dict.fromkeys((summary.levels[0], summary.levels[-1]) if summary.levels else ())
            if level.at_k
        ]
        for number, (label, level) in enumerate(lines):
            draw(passes, level, number, label, of_majority=False)
            draw(majorities, level, number, label, of_majority=True)
        for axes, title in ((passes, "pass@k"), (majorities, "maj@k")):
            axes.set_title(title)
            axes.set_xlabel("samples (k)")
            percent_axis(axes)
        handles, labels = passes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4, labelcolor=INK)
    return figure


def draw(axes: Axes, level: LevelSummary, number: int, label: str, *, of_majority: bool) -> None:
    """One line with its band."""
    x = [each.k for each in level.at_k]
    y = [each.maj_at_k if of_majority else each.pass_at_k for each in level.at_k]
    bands = [each.maj_ci95 if of_majority else each.pass_ci95 for each in level.at_k]
    ink = colour(number)
    axes.fill_between(
        x, [band.low for band in bands], [band.high for band in bands], color=ink, alpha=0.14, linewidth=0
    )
    axes.plot(x, y, color=ink, marker=marker(number), clip_on=False, label=label)
