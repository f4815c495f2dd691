"""The figure of a funnel: what every filter was shown, and what it let pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from s1m.analysis.display.style import INK, MUTED, PAPER, colour, house_style, save_figure
from s1m.data.funnel import Funnel
from s1m.data.shards import named
from s1m.files.writing import replace_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_funnel(funnel: Funnel, out: Path) -> None:
    """Write the funnel as ``funnel.json`` and as a figure."""
    with named(out):
        replace_file(out / "funnel.json", json.dumps(msgspec.to_builtins(funnel), indent=2) + "\n")
        save_figure(plot_funnel(funnel), out / "funnel")


def plot_funnel(funnel: Funnel) -> Figure:
    """A bar for every stage: what passed, in front of what the stage was shown."""
    from matplotlib.figure import Figure

    names = ["read", *(stage.name for stage in funnel.stages)]
    passed = [funnel.rows, *(stage.passed for stage in funnel.stages)]
    shown = [funnel.rows, *(stage.shown for stage in funnel.stages)]
    with house_style():
        figure = Figure(figsize=(8.4, 0.7 + 0.36 * len(names)), layout="constrained")
        axes = figure.subplots()
        rows = range(len(names))
        axes.barh(rows, shown, color=colour(1), alpha=0.28, height=0.72)
        axes.barh(rows, passed, color=colour(0), height=0.72)
        for row in rows:
            lost = shown[row] - passed[row]
            text = f" {passed[row]:,}" + (f"   \u2212{lost:,}" if lost else "")
            axes.text(shown[row], row, text, va="center", ha="left", fontsize=8.5, color=MUTED)
        axes.set_yticks(list(rows), names, color=INK)
        axes.invert_yaxis()
        axes.set_xlim(0, max(1, funnel.rows) * 1.22)
        axes.grid(visible=False)
        axes.spines["bottom"].set_visible(False)
        axes.set_xticks([])
        axes.set_facecolor(PAPER)
        axes.set_title(f"{funnel.kept:,} of {funnel.rows:,} {funnel.unit} are kept")
    return figure
