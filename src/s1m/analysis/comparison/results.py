"""``s1m compare``: runs on one axis of cost, as tables, as JSON, and as one HTML page without scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from s1m.analysis.comparison.compare import NEARLY, compare
from s1m.analysis.comparison.cost import Costing, cost_text
from s1m.analysis.comparison.findings import Comparison, comparison_json, headline
from s1m.analysis.comparison.plot import AXES, accuracy_against_cost
from s1m.analysis.comparison.table import print_comparison
from s1m.analysis.display.page import environment, inline_svg, settings_rows
from s1m.errors import UsageError
from s1m.evaluate.store import Run, load_run

TEMPLATE = "compare.html.jinja"


def compare_runs(folders: Sequence[Path], costing: Costing, *, out: str, as_json: bool) -> int:
    """Compare the runs in these folders; the page goes to ``out``, by default compare.html in the first."""
    runs = [load_run(folder) for folder in folders]
    comparison = compare(runs, costing)
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)  # so that the JSON stands alone
    print_comparison(comparison, console)
    if as_json:
        print(json.dumps(comparison_json(comparison), indent=2))
    path = Path(out) if out else folders[0] / "compare.html"
    try:
        write_comparison(comparison, runs, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    console.print(f"comparison: {path}")
    return 0


def write_comparison(comparison: Comparison, runs: Sequence[Run], path: Path) -> Path:
    """Write the page of a comparison of ``runs`` to ``path`` and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_comparison(comparison, runs), encoding="utf-8", errors="replace")
    return path


def render_comparison(comparison: Comparison, runs: Sequence[Run]) -> str:
    """The page as HTML text."""
    strategies = list(dict.fromkeys(curve.strategy for curve in comparison.curves))
    page = environment(cost_text).get_template(TEMPLATE)
    return page.render(
        title=f"{comparison.benchmark} · {' · '.join(strategies) if len(strategies) < 4 else 'strategies compared'}",
        lead=headline(comparison),
        comparison=comparison,
        runs=[{"label": curve.label} for curve in comparison.curves],
        axis=AXES[comparison.unit],
        figure=inline_svg(accuracy_against_cost(comparison), "cost"),
        nearly=f"{100 * (NEARLY - 1):.0f} %",
        settings=settings_rows([run.settings for run in runs]),
    )
