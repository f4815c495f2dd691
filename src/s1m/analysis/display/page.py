"""What every HTML page of s1m is made with: the environment of its template, the table of settings, inline figures.

Jinja escapes all foreign text. A figure follows the page's own colours, light and dark.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from s1m.analysis.display import formats
from s1m.analysis.display.style import INK, MUTED, PAPER, RULE, SERIES, svg_text

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
