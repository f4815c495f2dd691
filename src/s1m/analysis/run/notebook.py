"""A run's figure as notebooks show it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from s1m.analysis.display.style import svg_text
from s1m.analysis.run.plots import scaling_panels
from s1m.analysis.run.summarize import summarize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from s1m.evaluate.store import Run


def run_figure(run: Run) -> Figure:
    """The panels of one run. A figure made without pyplot has no picture in a notebook, so it is given one."""
    figure = scaling_panels([summarize(run)])
    setattr(figure, "_repr_svg_", partial(svg_text, figure))  # noqa: B010  # of this figure, not of its class
    return figure
