"""``s1m replay``: make a run of another strategy from what a run has recorded; no engine is called."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.flags import add_keys, given_flags
from s1m.cli.parser import Parser
from s1m.cli.values import path

OWN = ("strategy", "num_ignore", "levels", "vote_weight", "min_confidence", "policy", "allow_policy_mismatch", "out")
"""Settings that a replay has of its own; all others are those of its source."""

summary = "Make a run of another strategy from what a run has recorded; no engine is called."
examples = """The result is a run folder like others, for s1m report and s1m compare. Chains and
ignored stops that are not given are those of the run.

examples:
  s1m eval digits --strategy hybrid --levels 1-8 --num-ignore 0-3 --out runs/rich
  s1m replay runs/rich --strategy vote --levels 1-8 --out runs/vote
  s1m replay runs/rich --strategy hybrid --num-ignore 0-1 --vote-weight confidence --out runs/hybrid_1
  s1m replay runs/rich --strategy adaptive --levels 2,3 --out runs/adaptive
  s1m replay runs/rich --strategy policy --policy policy.toml --out runs/policy
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.evaluate.settings import EvalSettings

    verb.add_argument("run", metavar="RUN", type=path, help="run folder; one of strategy hybrid holds the most")
    add_keys(verb, EvalSettings, only=OWN)


def run(parsed: Namespace) -> int:
    """Make the run; the exit code."""
    from s1m.analysis.run.results import write_results
    from s1m.evaluate.replay import replay_run

    return replay_run(Path(parsed.run), given_flags(parsed, but=("run",)), write_results)
