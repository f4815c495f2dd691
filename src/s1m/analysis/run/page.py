"""What every page of s1m is made with: the templates' environment, the table of settings, figures that sit in a page.

Jinja escapes all foreign text. A figure follows the page's own colours, light and dark.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from s1m.analysis.run import wording
from s1m.analysis.run.plots import svg_text
from s1m.analysis.style import INK, MUTED, PAPER, RULE, SERIES

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure

    from s1m.evaluate.store import Run

THEME = {INK: "var(--ink)", MUTED: "var(--muted)", RULE: "var(--rule)", PAPER: "var(--paper)"} | {
    shade.lower(): f"var(--series-{position})" for position, shade in enumerate(SERIES)
}
"""Colours of the figures that follow the page into dark mode."""


def environment() -> Environment:
    """Jinja with everything escaped, unknown names refused and our wording as filters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("s1m", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (
        wording.percent,
        wording.points,
        wording.range_text,
        wording.gain_text,
        wording.p_value,
        wording.duration,
        wording.groups_text,
        wording.headline,
        wording.strategy_text,
        wording.judge_note,
        wording.model_name,
        script_hash,
    ):
        made.filters[filter_.__name__] = filter_
    return made


def script_hash(script: str) -> str:
    """The source expression by which a content security policy allows exactly this script."""
    return "sha256-" + b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")


def settings_rows(runs: Sequence[Run]) -> list[dict[str, object]]:
    """Every setting of any run, its value in each, and whether the runs differ in it."""
    rows = []
    for name in dict.fromkeys(name for run in runs for name in run.settings):
        values = [wording.setting_text(run.settings[name]) if name in run.settings else "" for run in runs]
        rows.append({"name": name, "values": values, "differs": len(set(values)) > 1})
    return rows


def inline_svg(figure: Figure, prefix: str) -> str:
    """A figure as an ``<svg>`` element in the page's own colours, its ids kept apart from other figures'."""
    from markupsafe import Markup

    svg = svg_text(figure)
    svg = svg[svg.index("<svg") :]
    for mark in ('id="', 'href="#', "url(#"):
        svg = svg.replace(mark, f"{mark}{prefix}-")
    for shade, variable in THEME.items():
        svg = svg.replace(shade, variable)
    return Markup(svg)  # drawn by matplotlib, which escapes the only foreign text in it: the runs' names
