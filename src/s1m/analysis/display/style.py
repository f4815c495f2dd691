"""The style of every figure, whatever the user's matplotlibrc says, and its SVG and PNG files.

The series colours are those of M. Okabe and K. Ito (https://jfly.uni-koeln.de/color/), in an order that keeps
neighbours apart for colour-blind readers and readable on white and on near-black, and four more; markers and dashes
differ as well, so that ten runs can be told apart in print. A figure is drawn twice: for a desktop, and narrow for a
phone, where the other would have to be shrunk until nothing could be read.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s1m.files.writing import replace_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SERIES = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"),
    *("#332288", "#882255", "#5B3A1E", "#A6A03A"),  # by P. Tol and ours, the furthest from the six for any eye
)
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", "*", ">")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (7, 2, 1.5, 2)), (0, (7, 2, 1.5, 2, 1.5, 2)))
"""Ten colours, ten markers, and a dash that differs from that of the four runs before and after."""

INK = "#24292f"
MUTED = "#6a737d"
RULE = "#e4e7eb"
PAPER = "#ffffff"

WIDE_INCHES = 10.4
NARROW_INCHES = 3.7
"""266 points: on a page of 390 pixels with its margins, a point is 1.34 pixels."""

PNG_DPI = 200
"""Sharp in print at the width of a column; the SVG has no resolution."""

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
    """Matplotlib's settings for drawing and saving; the settings before are restored on leaving."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def colour(number: int) -> str:
    """The colour of run ``number``."""
    return SERIES[number % len(SERIES)]


def marker(number: int) -> str:
    """The marker of run ``number``."""
    return MARKERS[number % len(MARKERS)]


def line(number: int) -> Any:
    """The line style of run ``number``."""
    return DASHES[number % len(DASHES)]


def look(number: int) -> dict[str, Any]:
    """Colour, marker and line style of run ``number``, as arguments of ``Axes.plot``."""
    return {"color": colour(number), "marker": marker(number), "linestyle": line(number), "markersize": 5.5}


def percent_axis(axes: Axes) -> None:
    """Label the fractions on the y-axis in per cent, with few and round ticks."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda fraction, _: f"{100 * fraction:.6g} %"))


def points_axis(axes: Axes) -> None:
    """Label the differences of fractions on the y-axis in percentage points, with their sign."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda difference, _: f"{100 * difference:+.6g}" if difference else "0")
    )


def save_figure(figure: Figure, path: Path) -> tuple[Path, Path]:
    """Write a figure to ``path`` as .svg and as .png (200 dpi); returns both paths."""
    svg, png = path.with_name(f"{path.name}.svg"), path.with_name(f"{path.name}.png")
    replace_file(svg, svg_text(figure))
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, dpi=PNG_DPI, format="png")
    replace_file(png, buffer.getvalue())
    return svg, png


def svg_text(figure: Figure) -> str:
    """A figure as an SVG document without date, creator or other metadata: the same figure gives the same bytes."""
    with house_style():
        buffer = io.BytesIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    return buffer.getvalue().decode("utf-8")
