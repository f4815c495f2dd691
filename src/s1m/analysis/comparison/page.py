"""One HTML file that puts strategies side by side on one axis of cost; without a script, so it allows none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.analysis.comparison.compare import NEARLY
from s1m.analysis.comparison.plot import AXES, accuracy_against_cost
from s1m.analysis.comparison.result import Comparison
from s1m.analysis.comparison.wording import cost_text, finding
from s1m.analysis.run.page import environment, inline_svg, settings_rows
from s1m.files.writing import replace_file

if TYPE_CHECKING:
    from s1m.evaluate.store import Run

TEMPLATE = "compare.html.jinja"


def write_comparison(comparison: Comparison, runs: Sequence[Run], path: Path) -> Path:
    """Write the page of a comparison of ``runs`` to ``path`` and return it."""
    replace_file(path, render_comparison(comparison, runs))
    return path


def render_comparison(comparison: Comparison, runs: Sequence[Run]) -> str:
    """The page as HTML text."""
    strategies = list(dict.fromkeys(curve.strategy for curve in comparison.curves))
    made = environment()
    made.filters["cost_text"] = cost_text
    return made.get_template(TEMPLATE).render(
        title=f"{comparison.benchmark} · {' · '.join(strategies) if len(strategies) < 4 else 'strategies compared'}",
        lead=finding(comparison),
        comparison=comparison,
        runs=[{"label": curve.label} for curve in comparison.curves],
        axis=AXES[comparison.unit],
        figure=inline_svg(accuracy_against_cost(comparison), "cost"),
        nearly=f"{100 * (NEARLY - 1):.0f} %",
        settings=settings_rows(runs),
    )  # fmt: skip
