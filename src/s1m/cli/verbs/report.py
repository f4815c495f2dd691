"""``s1m report``: draw one page from one run or several."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "Draw one page from one run or several."
examples = ""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("runs", metavar="RUN", nargs="+", type=path, help="run folders; several are drawn side by side")
    verb.add_argument(
        "--out",
        metavar="FILE.html",
        type=path,
        default="",
        help="the page (default: report.html in the run, compare.html here for several)",
    )
    verb.add_argument("--json", action="store_true", help="print the summaries as JSON as well")


def run(parsed: Namespace) -> int:
    """Draw the page; the exit code."""
    from s1m.analysis.run.results import draw_report

    return draw_report([Path(run) for run in parsed.runs], parsed.out, as_json=parsed.json)
