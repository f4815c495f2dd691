"""``s1m export``: a run in the formats of other programs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import count_or_zero, path

summary = "Write a run in the format of another program: a table, samples of lmms-eval, a log of inspect_ai."
examples = """csv and parquet have one row an answer, of every level; lmms-eval and inspect have one level, the last
unless another is given. A file that exists is not replaced.

examples:
  s1m export runs/demo --to parquet
  s1m export runs/demo --to csv --out answers.csv --level 0
  s1m export runs/demo --to inspect --out logs/demo.eval     then: inspect view --log-dir logs
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("run", metavar="RUN", type=path, help="run folder")
    verb.add_argument(
        "--to",
        choices=("csv", "parquet", "lmms-eval", "inspect"),
        required=True,
        help="the format; inspect needs inspect_ai to be installed",
    )
    verb.add_argument(
        "--out", metavar="FILE", type=path, default="", help="the file (default: the run's name, in the current folder)"
    )
    verb.add_argument("--level", metavar="N", type=count_or_zero, help="this level alone (default: see above)")


def run(parsed: Namespace) -> int:
    """Write the file; the exit code."""
    from s1m.analysis.export.run import export

    return export(Path(parsed.run), parsed.to, out=parsed.out, level=parsed.level)
