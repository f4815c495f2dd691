"""``s1m compare``: strategies on one axis of cost, as tables, as a page, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.page import write_comparison
from s1m.analysis.comparison.result import comparison_json
from s1m.analysis.comparison.table import print_comparison
from s1m.errors import UsageError
from s1m.evaluate.store import load_run


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
