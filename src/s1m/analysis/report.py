"""One HTML file that shows a run whole, opens anywhere and asks the network for nothing.

Model text is untrusted. Jinja escapes all that it writes; single problems travel as JSON that cannot end its script
block, and the page writes them as text only. A content security policy allows the page's own script by its hash and
nothing else, so even a mistake here would run no foreign code.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.analysis import wording
from s1m.analysis.measure import STOPS, summarize
from s1m.analysis.plots import accuracy_against_tokens, four_panels, run_labels, svg_text
from s1m.analysis.style import INK, MUTED, PAPER, RULE, SERIES
from s1m.analysis.summary import Summary
from s1m.analysis.viewer import viewer_data
from s1m.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure

    from s1m.evaluate.store import Run

TEMPLATE = "assets/report.html.jinja"

THEME = {INK: "var(--ink)", MUTED: "var(--muted)", RULE: "var(--rule)", PAPER: "var(--paper)"} | {
    shade.lower(): f"var(--series-{position})" for position, shade in enumerate(SERIES)
}
"""Colours of the figures that follow the page into dark mode."""


def write_report(runs: Sequence[Run], path: Path) -> Path:
    """Write the page of one run, or of several side by side, to ``path`` and return it.

    Raises ``UsageError`` without runs and ``DataError`` when the records of a run do not fit together.
    """
    if not runs:
        raise UsageError("a report needs at least one run folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_report(runs), encoding="utf-8", errors="replace")
    return path


def render_report(runs: Sequence[Run]) -> str:
    """The page as HTML text."""
    summaries = [summarize(run) for run in runs]
    labels = run_labels(summaries)
    drawn = any(summary.levels for summary in summaries)
    template = environment().from_string(files("s1m").joinpath(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        title=title(summaries),
        runs=[
            {"label": label, "summary": summary, "position": position}
            for position, (label, summary) in enumerate(zip(labels, summaries, strict=True))
        ],
        stops=STOPS,
        settings=settings_rows(runs),
        scaling_svg=inline_svg(four_panels(summaries), "scaling") if drawn else None,
        tokens_svg=inline_svg(accuracy_against_tokens(summaries), "tokens") if drawn else None,
        viewer=[viewer_data(run, label) for run, label in zip(runs, labels, strict=True)],
    )


def environment() -> Environment:
    """Jinja with everything escaped, unknown names refused and our wording as filters."""
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
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


def title(summaries: Sequence[Summary]) -> str:
    """What the page is about: benchmark and model of one run, or how many runs it compares."""
    if len(summaries) == 1:
        return f"{summaries[0].benchmark} · {wording.model_name(summaries[0])}"
    benchmarks = sorted({summary.benchmark for summary in summaries})
    return f"{', '.join(benchmarks)} · {len(summaries)} runs compared"


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
