"""``s1m compare``: strategies on one axis of cost, as tables, as a page, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.page import write_comparison
from s1m.analysis.comparison.result import comparison_json
from s1m.analysis.comparison.table import print_comparison
from s1m.evaluate.store import load_run
from s1m.files.printing import Printer, print_json
from s1m.files.writing import PAGE, check_output


def compare_runs(folders: Sequence[Path], costing: Costing, *, out: str, as_json: bool) -> int:
    """Compare the runs in these folders; the page goes to ``out``, by default compare.html in the first."""
    path = Path(out) if out else folders[0] / "compare.html"
    check_output(path, PAGE)
    runs = [load_run(folder) for folder in folders]
    comparison = compare(runs, costing)
    console = Printer(stderr=as_json)  # so that the JSON stands alone
    print_comparison(comparison, console)
    if as_json:
        print_json(comparison_json(comparison))
    write_comparison(comparison, runs, path)
    console.print(f"comparison: {path}")
    return 0
