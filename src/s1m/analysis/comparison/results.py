"""``s1m compare``: runs on one axis of cost, as tables, as JSON, and as one HTML page without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from s1m.analysis.comparison.compare import LOSS, compare
from s1m.analysis.comparison.cost import Costing, cost_text
from s1m.analysis.comparison.equal_cost import NEARLY
from s1m.analysis.comparison.findings import (
    Comparison,
    better_sentences,
    comparison_json,
    headline,
    recommended_sentence,
)
from s1m.analysis.comparison.plot import AXES, accuracy_against_cost
from s1m.analysis.comparison.table import first_token_cell, latency_cell, money_cell, print_comparison
from s1m.analysis.display.page import environment, inline_svgs, settings_rows
from s1m.evaluate.store import Run, load_run
from s1m.files.printing import Printer, print_json
from s1m.files.writing import PAGE, check_output, replace_file

TEMPLATE = "compare.html.jinja"


def compare_runs(folders: Sequence[Path], costing: Costing, *, out: str, as_json: bool, loss: float = LOSS) -> int:
    """Compare the runs in these folders; the page goes to ``out``, by default compare.html in the first."""
    path = Path(out) if out else folders[0] / "compare.html"
    check_output(path, PAGE)
    runs = [load_run(folder) for folder in folders]
    comparison = compare(runs, costing, loss)
    console = Printer(stderr=as_json)  # so that the JSON stands alone
    print_comparison(comparison, console)
    if as_json:
        print_json(comparison_json(comparison))
    write_comparison(comparison, runs, path)
    console.print(f"comparison: {path}")
    return 0


def write_comparison(comparison: Comparison, runs: Sequence[Run], path: Path) -> Path:
    """Write the page of a comparison of ``runs`` to ``path`` and return it."""
    replace_file(path, render_comparison(comparison, runs))
    return path


def render_comparison(comparison: Comparison, runs: Sequence[Run]) -> str:
    """The page as HTML text."""
    strategies = list(dict.fromkeys(curve.strategy for curve in comparison.curves))
    page = environment(cost_text, money_cell, latency_cell, first_token_cell).get_template(TEMPLATE)
    return page.render(
        title=f"{comparison.benchmark} · {' · '.join(strategies) if len(strategies) < 4 else 'strategies compared'}",
        lead=headline(comparison),
        better=better_sentences(comparison),
        recommended=[recommended_sentence(each) for each in comparison.recommendations],
        comparison=comparison,
        timed=any(curve.latency for curve in comparison.curves),
        priced=any(curve.money for curve in comparison.curves),
        runs=[{"label": curve.label} for curve in comparison.curves],
        axis=AXES[comparison.unit],
        figure=inline_svgs(partial(accuracy_against_cost, comparison), "cost"),
        nearly=f"{100 * (NEARLY - 1):.0f} %",
        settings=settings_rows([run.settings for run in runs]),
    )
