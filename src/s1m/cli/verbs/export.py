"""``s1m export``: a run in the formats of other programs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import count_or_zero, path

summary = "Write a run in the format of another program: a table, samples of lmms-eval, a log of inspect_ai, the Hub."
examples = """csv and parquet have one row an answer, of every level; lmms-eval and inspect have one level, the last
unless another is given. hub writes a folder with a dataset of all answers, and the model's evaluation results at one
level; it is pushed only where a repository is named. What exists is not replaced.

examples:
  s1m export runs/demo --to parquet
  s1m export runs/demo --to csv --out answers.csv --level 0
  s1m export runs/demo --to hub --out demo-hub --repo-id me/demo-answers
  s1m export runs/demo --to inspect --out logs/demo.eval     then: inspect view --log-dir logs
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("run", metavar="RUN", type=path, help="run folder")
    verb.add_argument(
        "--to",
        choices=("csv", "parquet", "lmms-eval", "inspect", "hub"),
        required=True,
        help="the format; inspect needs inspect_ai to be installed",
    )
    verb.add_argument(
        "--out",
        metavar="FILE",
        type=path,
        default="",
        help="the file, for hub the folder (default: the run's name, here)",
    )
    verb.add_argument(
        "--repo-id",
        metavar="USER/NAME",
        default="",
        help="hub: push the answers to this dataset, private when it is new",
    )
    verb.add_argument(
        "--model-repo-id",
        metavar="USER/NAME",
        default="",
        help="hub: open a pull request with the results at this model",
    )
    verb.add_argument("--level", metavar="N", type=count_or_zero, help="this level alone (default: see above)")


def run(parsed: Namespace) -> int:
    """Write the file; the exit code."""
    from s1m.analysis.export.run import export, export_to_hub
    from s1m.errors import UsageError

    if parsed.to == "hub":
        return export_to_hub(
            Path(parsed.run),
            out=parsed.out,
            level=parsed.level,
            repo_id=parsed.repo_id,
            model_repo_id=parsed.model_repo_id,
        )
    if parsed.repo_id or parsed.model_repo_id:
        raise UsageError("--repo-id and --model-repo-id push to the Hub: add --to hub, or leave them out")
    return export(Path(parsed.run), parsed.to, out=parsed.out, level=parsed.level)
