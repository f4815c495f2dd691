"""Every strategy on the same problems of the bundled benchmark, on one axis of cost: s1m compare over all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from keep import keep

from s1m.analysis.comparison.compare import compare
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.findings import Comparison, PairedTest, Point
from s1m.analysis.comparison.plot import accuracy_against_cost
from s1m.analysis.comparison.results import write_comparison
from s1m.analysis.display.formats import p_value, percent, points, range_text
from s1m.analysis.display.style import house_style
from s1m.evaluate.store import load_run

ROOT = Path(__file__).parent.parent
RUNS = ROOT / "runs" / "strategies"
LIMIT = sys.argv[1] if len(sys.argv) > 1 else "128"

# A segment of the model has about 33 tokens: budgets around that, and levels whose costs meet at about 265 tokens.
STRATEGIES = {
    "sequential": {"--num-ignore": "0-7"},
    "lookback": {"--num-ignore": "0-7"},
    "adaptive": {"--num-ignore": "0-7", "--levels": "1,2,3,4"},
    "vote": {"--levels": "1,2,4,8"},
    "hybrid": {"--num-ignore": "0-3", "--levels": "1,2,4"},
    "cap": {"--levels": "8,16,24,32,48"},
    "rejection": {"--levels": "24,30,36"},
    "token-conditional": {"--levels": "16,32,64"},
    "step-conditional": {"--levels": "1,2,4,8"},
    "class-conditional": {"--levels": "0,1"},
}

CURVES = ("sequential", "lookback", "adaptive", "vote")
"""Strategies whose costs overlap widely; all ten have no common range."""


def main() -> None:
    """Run every strategy through the command line, then write table, page and figure."""
    for strategy, flags in STRATEGIES.items():
        command = ["eval", "digits", "--config", str(ROOT / "src" / "s1m" / "assets" / "digits.toml"), "--limit", LIMIT]
        command += ["--strategy", strategy, *(word for flag in flags.items() for word in flag)]
        command += ["--out", str(RUNS / strategy)]
        subprocess.run([sys.executable, "-m", "s1m.cli", *command], check=True, stdout=subprocess.DEVNULL)
    runs = [load_run(RUNS / strategy) for strategy in STRATEGIES]
    comparison = compare(runs, Costing())
    write_comparison(comparison, runs, RUNS / "compare.html")
    with house_style():
        accuracy_against_cost(comparison).savefig(ROOT / "docs" / "images" / "strategies.png", dpi=110, format="png")
    overlapping = compare([run for run in runs if run.folder.name in CURVES], Costing())
    rows = [(curve.label, *cells(point)) for curve in comparison.curves for point in curve.points]
    keep(
        "strategies",
        "Strategies on one axis of cost",
        ("strategy", "level", "tokens per problem", "accuracy, %", "95 %", "front"),
        rows,
        [f"{len(runs[0].records)} problems, temperature 1, top-p 1; levels: docs/strategies.md."]
        + [areas(overlapping)]
        + [test_text(pair) for pair in comparison.pairs if pair.holm_p < 0.05],
    )


def areas(comparison: Comparison) -> str:
    """The mean accuracies over the common range of costs as a sentence."""
    low, high = comparison.area_range or (0.0, 0.0)
    means = ", ".join(f"{curve.label} {percent(curve.area)}" for curve in comparison.curves)
    return f"Mean accuracy over the logarithm of cost, from {low:.0f} to {high:.0f} tokens: {means}."


def cells(point: Point) -> tuple[str, ...]:
    """The cells of a point's row."""
    accuracy = f"{100 * point.accuracy:.1f}"
    return str(point.level), f"{point.cost:.0f}", accuracy, range_text(point.accuracy_ci95), "*" * point.on_front


def test_text(pair: PairedTest) -> str:
    """A test at equal cost as a sentence."""
    return (
        f"{pair.other} {pair.other_level} against {pair.one} {pair.one_level} at {pair.other_cost:.0f} and "
        f"{pair.one_cost:.0f} tokens: {points(pair.difference)} points "
        f"({range_text(pair.difference_ci95, signed=True)}), Holm-adjusted p {p_value(pair.holm_p)}."
    )


if __name__ == "__main__":
    main()
