"""``s1m power``: how many problems and samples it takes to find a gain."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import path, real
from s1m.errors import UsageError

summary = "How many problems, and samples of each, it takes to find a gain."
examples = """A gain is found when a paired two-sided test at 5 % says so. Without a run, verdicts of the two settings
on one problem are taken to have the stated correlation. A run gives its own: that between its first and last level.

examples:
  s1m power --baseline 0.60 --gain 0.03
  s1m power --gain 0.03 --run runs/demo
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("--gain", metavar="X", type=real, required=True, help="the gain to be found, such as 0.03")
    verb.add_argument("--baseline", metavar="X", type=real, help="accuracy without it, such as 0.60")
    verb.add_argument(
        "--correlation",
        metavar="X",
        type=real,
        default=0.5,
        help="of the two settings' verdicts on a problem, where no run is given (default: 0.5)",
    )
    verb.add_argument("--run", metavar="RUN", type=path, default="", help="a run folder whose own variance is used")
    verb.add_argument(
        "--power", metavar="X", type=real, default=0.8, help="probability of finding the gain (default: 0.8)"
    )
    verb.add_argument("--json", action="store_true", help="print the numbers as JSON")


def run(parsed: Namespace) -> int:
    """Print how much it takes; the exit code."""
    from s1m.analysis.run.power import Question, print_plan

    if bool(parsed.run) == (parsed.baseline is not None):
        raise UsageError("s1m power needs --baseline, such as 0.60, or --run RUN, and not both")
    question = Question(gain=parsed.gain, power=parsed.power)
    return print_plan(
        question,
        baseline=parsed.baseline,
        correlation=parsed.correlation,
        folder=Path(parsed.run) if parsed.run else None,
        as_json=parsed.json,
    )
