"""The figure of token lengths: a density a source, one beneath the other, with lines at mean and median.

It shows what S1-M's two figures show of its data (https://github.com/PKU-Alignment/s1-m), for any number of sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s1m.analysis.display.style import INK, MUTED, colour, house_style
from s1m.data.stats.measure import Spread

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

POINTS = 512
"""Points at which a density is computed."""
WIDE = 8
"""Sources of which one is typically so much longer than another are drawn on a logarithmic axis."""
STRIP = 1.25
"""Height of a source's strip in inches."""


def plot_lengths(spreads: Sequence[Spread], tokens: str) -> Figure:
    """A strip for every source that has a text, in their order; ``tokens`` is who counted them, in words."""
    from matplotlib.figure import Figure

    shown = [(spread.label, spread.lengths()) for spread in spreads if spread.counts]
    with house_style():
        figure = Figure(figsize=(8.4, 0.9 + STRIP * max(1, len(shown))), layout="constrained")
        strips = figure.subplots(max(1, len(shown)), sharex=True, squeeze=False)[:, 0]
        logarithmic = is_wide([lengths for _, lengths in shown])
        low, high = limits([lengths for _, lengths in shown], logarithmic=logarithmic)
        for index, (axes, (name, lengths)) in enumerate(zip(strips, shown, strict=False)):
            _draw(axes, lengths, colour(index), (low, high), logarithmic=logarithmic)
            axes.set_title(name, loc="left", fontsize=10)
        _finish(strips[-1], tokens, (low, high), logarithmic=logarithmic)
    return figure


def is_wide(all_lengths: Sequence[NDArray[np.int64]]) -> bool:
    """Whether the sources differ so much that one axis of equal steps would hide the short ones."""
    import numpy as np

    middles = [float(np.median(lengths)) for lengths in all_lengths]
    return bool(middles) and max(middles) > WIDE * max(1.0, min(middles))


def limits(all_lengths: Sequence[NDArray[np.int64]], *, logarithmic: bool) -> tuple[float, float]:
    """The ends of the axis: all that is short is shown, of what is long all but the last half per cent."""
    import numpy as np

    if not all_lengths:
        return (1.0, 10.0) if logarithmic else (0.0, 10.0)
    high = max(float(np.percentile(lengths, 99.5)) for lengths in all_lengths) * 1.05
    low = max(1.0, min(float(lengths[0]) for lengths in all_lengths) * 0.8) if logarithmic else 0.0
    return low, max(high, low * 1.5, 10.0)


def density(lengths: NDArray[np.int64], at: NDArray[np.float64], *, logarithmic: bool) -> NDArray[np.float64]:
    """A Gaussian kernel density at rising, evenly spaced points, of shape (points,); its largest value is 1.

    On a logarithmic axis the points, and the kernel, are those of the logarithms. The bandwidth is Silverman's rule of
    thumb (B. W. Silverman, Density Estimation, 1986, eq. 3.31). Lengths are counted by point first, so that the cost
    does not grow with their number.
    """
    import numpy as np

    values = np.log(np.maximum(lengths, 1)) if logarithmic else lengths.astype(np.float64)
    step = at[1] - at[0]
    edges = np.append(at - step / 2, at[-1] + step / 2)
    counts = np.histogram(values, edges)[0].astype(np.float64)
    quartiles = np.percentile(values, (25, 75))
    spreads = [wide for wide in (values.std(), (quartiles[1] - quartiles[0]) / 1.34) if wide > 0]
    bandwidth = max(0.9 * min(spreads, default=0.0) * len(values) ** -0.2, 1.5 * step)
    reach = np.arange(-len(at) + 1, len(at)) * step
    smooth = np.convolve(counts, np.exp(-0.5 * (reach / bandwidth) ** 2))[len(at) - 1 : 2 * len(at) - 1]
    return smooth / max(float(smooth.max()), 1e-300)


def _draw(axes: Axes, lengths: NDArray[np.int64], ink: str, ends: tuple[float, float], *, logarithmic: bool) -> None:
    import numpy as np

    scaled = np.log(ends) if logarithmic else np.array(ends)
    at = np.linspace(scaled[0], scaled[1], POINTS)
    curve = density(lengths, at, logarithmic=logarithmic)
    points = np.exp(at) if logarithmic else at
    axes.fill_between(points, curve, color=ink, alpha=0.22, linewidth=0)
    axes.plot(points, curve, color=ink, linewidth=1.4)
    mean, median = float(lengths.mean()), float(np.median(lengths))
    axes.axvline(mean, color=ink, linewidth=1.4, linestyle="--")
    axes.axvline(median, color=INK, linewidth=1.1, linestyle=":")
    text = f"{len(lengths):,} rows      - -  mean {mean:,.0f}      \u00b7\u00b7\u00b7  median {median:,.0f}"
    axes.set_title(text, loc="right", fontsize=8.5, fontweight="normal", color=MUTED)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([])
    axes.grid(visible=False)


def _finish(axes: Axes, tokens: str, ends: tuple[float, float], *, logarithmic: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(*ends)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel(f"tokens of a response ({tokens})")
