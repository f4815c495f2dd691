"""How every figure looks: one set of colours and sizes, independent of anyone's matplotlibrc.

The series colours are those of M. Okabe and K. Ito (https://jfly.uni-koeln.de/color/), in an order that keeps
neighbours apart for colour-blind readers and readable on white and on near-black; markers differ as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "D", "^", "v", "P", "X")
"""One more than there are colours, so that no pair of colour and marker comes twice in 42 runs."""

INK = "#24292f"
MUTED = "#6a737d"
RULE = "#e4e7eb"
PAPER = "#ffffff"

RC: dict[Any, object] = {
    "font.family": "DejaVu Sans",  # matplotlib brings it along, so a figure has the same layout everywhere
    "font.size": 9.5,
    "text.color": INK,
    "text.parse_math": False,  # a run's folder may have a dollar sign in its name
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9.5,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlepad": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.facecolor": PAPER,
    "axes.xmargin": 0.04,
    "figure.facecolor": PAPER,
    "figure.constrained_layout.w_pad": 0.12,  # inches, as h_pad
    "figure.constrained_layout.h_pad": 0.10,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
    "savefig.facecolor": "auto",
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "svg.hashsalt": "s1m",  # ids inside an SVG depend on what is drawn and on nothing else
}


@contextmanager
def house_style() -> Iterator[None]:
    """The settings under which figures are drawn and saved; what was set before is set again afterwards."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def colour(position: int) -> str:
    """The colour of the run at ``position``."""
    return SERIES[position % len(SERIES)]


def marker(position: int) -> str:
    """The marker of the run at ``position``."""
    return MARKERS[position % len(MARKERS)]


def line(position: int) -> str:
    """The line of the run at ``position``: dashed where its colour comes again."""
    return "-" if position < len(SERIES) else "--"


def percent_axis(axes: Axes) -> None:
    """Shares of 1 on the y-axis read as per cent, at few and round places."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.6g} %"))
