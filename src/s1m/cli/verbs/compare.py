"""``s1m compare``: which run is better, at equal cost and whatever it costs, and which level suffices."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import count, count_or_zero, path, real
from s1m.errors import UsageError

summary = "Which run is better, at equal cost and whatever it costs, with paired tests; which level suffices."
examples = """Without --parameters, --layers and --hidden, --cost flops reads them in the model's folder.

examples:
  s1m compare runs/sequential runs/vote runs/adaptive --out compare.html
  s1m compare runs/sequential runs/vote --cost flops --parameters 7.6e9 --layers 28 --hidden 3584
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("runs", metavar="RUN", nargs="+", type=path, help="run folders of one benchmark")
    verb.add_argument(
        "--cost",
        choices=("tokens", "flops", "seconds"),
        default="tokens",
        help="what a problem costs: generated tokens, operations, wall seconds (default: tokens)",
    )
    verb.add_argument(
        "--out", metavar="FILE.html", type=path, default="", help="the page (default: compare.html in the first run)"
    )
    verb.add_argument(
        "--loss",
        metavar="X",
        type=real,
        default=1.0,
        help="points of accuracy that the recommended level of a run may lose against its best (default: 1.0)",
    )
    verb.add_argument("--json", action="store_true", help="print the comparison as JSON as well")
    verb.add_argument("--parameters", metavar="X", type=real, help="flops: parameters of the model, such as 7.6e9")
    verb.add_argument("--layers", metavar="N", type=count, help="flops: layers of the model, such as 28")
    verb.add_argument("--hidden", metavar="N", type=count, help="flops: width of the model, such as 3584")
    verb.add_argument(
        "--prompt-tokens",
        metavar="N",
        type=count_or_zero,
        default=0,
        help="flops: tokens of a problem's prompt, images included (default: not counted)",
    )


def run(parsed: Namespace) -> int:
    """Compare the runs; the exit code."""
    from s1m.analysis.comparison.cost import Costing
    from s1m.analysis.comparison.model_shape import shape_from_flags
    from s1m.analysis.comparison.results import compare_runs

    shape = shape_from_flags(parsed.parameters, parsed.layers, parsed.hidden)
    if parsed.cost != "flops" and (shape or parsed.prompt_tokens):
        raise UsageError("a model's shape and its prompt tokens are for --cost flops")
    if parsed.loss < 0:
        raise UsageError(f"--loss is in points of accuracy, at least 0, not {parsed.loss:g}")
    costing = Costing(unit=parsed.cost, shape=shape, prompt_tokens=parsed.prompt_tokens)
    return compare_runs(
        [Path(run) for run in parsed.runs], costing, out=parsed.out, as_json=parsed.json, loss=parsed.loss / 100
    )
