"""Words around a figure: a legend and notes that fit its width, ticks and numbers of points that do not collide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from s1m.analysis.display.style import INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND_SIZE = 9.0
COLUMN_INCHES = 3.3
"""Of a legend whose labels are long."""

NOTE_SIZE = 8.5
LABEL_SIZE = 8.5
MARGIN = 0.15
"""Inches at each side of a figure."""

GAP = 1.5
"""Pixels between two labels, at 100 to the inch."""

MARKER = 5.0
"""Pixels from the middle of a marker to its edge."""

PLACES = ((-1, 1), (1, -1), (0, 1), (1, 1), (-1, -1), (0, -1), (1, 0), (-1, 0))
"""Where a number may stand, seen from its point, the best first."""


def text_points(text: str, size: float, weight: str = "normal") -> float:
    """The width of a line in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrapped(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """``text`` in lines of at most ``inches``; a word that is longer keeps a line of its own."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_points(longer, size, weight) <= 72 * inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def shortened(text: str, inches: float, size: float) -> str:
    """``text`` with its middle left out where it is wider than ``inches``: names of runs differ at either end."""
    if text_points(text, size) <= 72 * inches:
        return text
    for kept in range(len(text) - 2, 1, -1):
        short = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
        if text_points(short, size) <= 72 * inches:
            return short
    return text[:1] + "…"


def add_legend(figure: Figure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend above the panels, in as many columns as fit, for which the figure becomes taller.

    The middle of a label is left out that is wider than a third of a wide figure, or than a narrow one.
    """
    if not labels:
        return
    room = figure.get_figwidth() - 2 * MARGIN
    beside = 5.4 * LEGEND_SIZE / 72  # line, marker and the space between columns
    most = room / max(1, int(room / COLUMN_INCHES)) - beside
    short = [shortened(label, most, LEGEND_SIZE) for label in labels]
    if len(set(short)) < len(set(labels)):
        short = [shortened(f"{number}: {label}", most, LEGEND_SIZE) for number, label in enumerate(labels, start=1)]
    widest = beside + max(text_points(label, LEGEND_SIZE) for label in short) / 72
    columns = max(1, min(len(short), int(room / widest)))
    rows = -(-len(short) // columns)
    figure.set_figheight(figure.get_figheight() + rows * 1.6 * LEGEND_SIZE / 72)
    figure.legend(
        handles, short, loc="outside upper left", ncols=columns,
        labelcolor=INK, fontsize=LEGEND_SIZE, handlelength=3.0, columnspacing=1.2,
    )  # fmt: skip


def add_note(figure: Figure, lines: Sequence[str]) -> None:
    """Small lines below the panels, broken at the figure's width."""
    room = figure.get_figwidth() - 2 * MARGIN
    note = "\n".join(wrapped(line, room, NOTE_SIZE) for line in lines if line)
    figure.supxlabel(
        note, x=MARGIN / figure.get_figwidth(), ha="left", size=NOTE_SIZE, color=MUTED, linespacing=1.45
    )  # fmt: skip


def set_title(axes: Axes, title: str, inches: float) -> None:
    """A panel's title, broken at ``inches``."""
    axes.set_title(wrapped(title, inches, 11, "bold"))


def lay_out(figure: Figure) -> None:
    """Decide where the panels are, once: words are then placed among them, and saving takes half the time."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def thin_ticks(axes: Axes) -> None:
    """Leave out labels of the x-axis that would run into their neighbours; the first and the last stay.

    The figure has been laid out.
    """
    ticks = list(axes.get_xticks())
    texts = [label.get_text() for label in axes.get_xticklabels()]
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    kept: list[int] = []
    for index in range(len(ticks)):
        if not kept or boxes[index].x0 > boxes[kept[-1]].x1 + 4 * GAP:
            kept.append(index)
    last = len(ticks) - 1
    if kept and kept[-1] != last:
        while len(kept) > 1 and boxes[last].x0 <= boxes[kept[-1]].x1 + 4 * GAP:
            kept.pop()
        kept.append(last)
    axes.set_xticks(ticks, [text if index in kept else "" for index, text in enumerate(texts)])


def label_points(
    axes: Axes, lines: Sequence[Sequence[tuple[float, float, str]]], bars: Sequence[tuple[float, float, float]] = ()
) -> None:
    """Write a text beside each point of some lines, where it covers no other text and no marker, and few lines.

    ``bars`` are intervals that are drawn: x, low, high. A text that has no such place is left out; the ends of a line
    are placed first. The figure has been laid out.
    """
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

    to_pixels = axes.transData.transform
    pixels = [[tuple(to_pixels((x, y))) for x, y, _ in line] for line in lines]
    markers = [Bbox.from_extents(x - MARKER, y - MARKER, x + MARKER, y + MARKER) for line in pixels for x, y in line]
    drawn = [Path(line) for line in pixels if len(line) > 1]
    drawn += [Path(to_pixels(((x, low), (x, high)))) for x, low, high in bars]
    taken = list(markers)
    for line, points in zip(lines, pixels, strict=True):
        for index in ends_first(len(line)):
            text = line[index][2]
            box = free_place(axes, points[index], text, taken, drawn) if text else None
            if box is not None:
                taken.append(box.padded(GAP))
                write(axes, text, box)


def free_place(axes: Axes, point: tuple[float, float], text: str, taken: Sequence[Any], drawn: Sequence[Any]) -> Any:
    """The box beside a point that is not taken and crosses the fewest lines; None where there is none."""
    frame = axes.get_window_extent().padded(2 * GAP)
    width, height = text_points(text, LABEL_SIZE) * 100 / 72, LABEL_SIZE * 100 / 72
    free = [
        box
        for box in (beside(point, place, width, height) for place in PLACES)
        if frame.x0 <= box.x0 < box.x1 <= frame.x1
        and frame.y0 <= box.y0 < box.y1 <= frame.y1
        and not any(box.overlaps(other) for other in taken)
    ]
    crossed = [sum(path.intersects_bbox(box, filled=False) for path in drawn) for box in free]
    return free[crossed.index(min(crossed))] if free else None


def write(axes: Axes, text: str, box: Any) -> None:
    """A small text in the middle of a box in pixels."""
    x, y = axes.transAxes.inverted().transform(((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2))
    axes.text(x, y, text, transform=axes.transAxes, size=LABEL_SIZE, color=INK, ha="center", va="center", zorder=5)


def beside(point: tuple[float, float], place: tuple[int, int], width: float, height: float) -> Any:
    """The box of a text of this size, in pixels, at a place beside a point."""
    from matplotlib.transforms import Bbox

    across, up = place
    away = MARKER + GAP
    x = point[0] + across * (away if not up else 0.7 * away) + (across - 1) / 2 * width
    y = point[1] + up * (away if not across else 0.7 * away) + (up - 1) / 2 * height
    return Bbox.from_bounds(x, y, width, height)


def ends_first(count: int) -> list[int]:
    """0, the last, and then the others."""
    return [*dict.fromkeys((0, count - 1))][:count] + list(range(1, count - 1))
