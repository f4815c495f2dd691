"""What every HTML page of s1m is made with: the environment of its template, the table of settings, inline figures.

Jinja escapes all foreign text. A figure follows the page's own colours, light and dark.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from s1m.analysis.display import formats
from s1m.analysis.display.style import INK, MUTED, PAPER, RULE, SERIES, line, marker, svg_text
from s1m.analysis.display.typeset import typeset, typeset_answer

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure

THEME = {INK: "var(--ink)", MUTED: "var(--muted)", RULE: "var(--rule)", PAPER: "var(--paper)"} | {
    shade.lower(): f"var(--series-{number})" for number, shade in enumerate(SERIES)
}
"""Colours of the figures that follow the page into dark mode."""


def environment(*filters: Callable[..., object]) -> Environment:
    """Jinja with everything escaped and unknown names refused; its filters are the number formats and ``filters``."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("s1m", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in (
        formats.percent,
        formats.points,
        formats.range_text,
        formats.p_value,
        formats.duration,
        formats.counted,
        script_hash,
        swatch,
        typeset,
        typeset_answer,
        *filters,
    ):
        made.filters[each.__name__] = each
    return made


def script_hash(script: str) -> str:
    """The source expression by which a content security policy allows exactly this script."""
    return "sha256-" + b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")


def settings_rows(settings: Sequence[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Every setting of any run, its value in each run, and whether the runs differ in it."""
    rows = []
    for name in dict.fromkeys(name for each in settings for name in each):
        values = [formats.setting_text(each[name]) if name in each else "" for each in settings]
        rows.append({"name": name, "values": values, "differs": len(set(values)) > 1})
    return rows


def inline_svgs(draw: Callable[..., Figure], prefix: str) -> str:
    """A figure twice, wide for a desktop and narrow for a phone; the page's style shows one of them."""
    from markupsafe import Markup

    wide, narrow = inline_svg(draw(), prefix), inline_svg(draw(narrow=True), f"{prefix}-phone")
    return Markup('<div class="for-desktop">{}</div><div class="for-phone">{}</div>').format(wide, narrow)


def swatch(number: int) -> str:
    """A stretch of the line of run ``number`` with its marker, as in the figures' legends."""
    import numpy as np
    from markupsafe import Markup
    from matplotlib.markers import MarkerStyle

    style = MarkerStyle(marker(number))
    outline = style.get_path().transformed(style.get_transform()).to_polygons()[0]
    shape = "M" + "L".join(f"{9 * x + 18:.1f} {7 - 9 * y:.1f}" for x, y in np.asarray(outline, dtype=np.float64))
    dash = line(number)
    dashes = "" if isinstance(dash, str) else f' stroke-dasharray="{" ".join(str(1.8 * part) for part in dash[1])}"'
    return Markup(
        '<svg class="swatch" viewBox="0 0 36 14" aria-hidden="true" style="color:var(--series-{})">'
        '<path d="M0 7H36" stroke="currentColor" stroke-width="2"{}/><path d="{}" fill="currentColor"/></svg>'
    ).format(number % len(SERIES), Markup(dashes), shape)


def inline_svg(figure: Figure, prefix: str) -> str:
    """A figure as an ``<svg>`` element in the page's colours; ``prefix`` keeps its ids apart from other figures'."""
    from markupsafe import Markup

    svg = svg_text(figure)
    svg = svg[svg.index("<svg") :]
    for mark in ('id="', 'href="#', "url(#"):
        svg = svg.replace(mark, f"{mark}{prefix}-")
    for shade, variable in THEME.items():
        svg = svg.replace(shade, variable)
    return Markup(svg)  # drawn by matplotlib, which escapes the only foreign text in it: the runs' names
