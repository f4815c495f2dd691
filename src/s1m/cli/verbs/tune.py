"""``s1m tune``: from a recorded run, when to stop thinking, with a bound on the accuracy that this loses."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import count_or_zero, path, real
from s1m.errors import UsageError

summary = "Find when to stop thinking, on a recorded run, with a bound on the accuracy that this loses."
examples = """Nothing is generated: the run has an answer at every stop. One part of its problems
chooses the policy, the other certifies it; with --samples, what is lost on a problem is a
mean over its samples, which takes far fewer problems. A page is written beside the policy.

examples:
  s1m eval digits --num-ignore 0-7 --limit 512 --samples 8 --out runs/mine
  s1m tune runs/mine --loss 2 --out policy.toml
  s1m eval digits --policy policy.toml --out runs/policy
  s1m replay runs/mine --strategy policy --policy policy.toml --out runs/replayed
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("run", metavar="RUN", type=path, help="run folder, of strategy sequential or hybrid")
    verb.add_argument(
        "--loss",
        metavar="X",
        type=real,
        default=1.0,
        help="points of accuracy that may be lost against the best level (default: 1.0)",
    )
    verb.add_argument(
        "--confidence",
        metavar="X",
        type=real,
        default=0.95,
        help="how sure it must be that no more is lost, between 0.5 and 1 (default: 0.95)",
    )
    verb.add_argument(
        "--against",
        metavar="LEVEL",
        type=count_or_zero,
        default=None,
        help="level that the loss is against (default: the most accurate one on the part that chooses)",
    )
    verb.add_argument("--seed", metavar="N", type=count_or_zero, default=0, help="how problems are split (default: 0)")
    verb.add_argument(
        "--out", metavar="FILE.toml", type=path, default="policy.toml", help="the policy (default: policy.toml)"
    )


def run(parsed: Namespace) -> int:
    """Tune the policy; the exit code."""
    from s1m.analysis.tuning.results import tune_run

    if not 0 < parsed.loss < 100:
        raise UsageError(f"--loss is in points of accuracy, above 0 and below 100, not {parsed.loss:g}")
    if not 0.5 <= parsed.confidence < 1:
        raise UsageError(f"--confidence lies between 0.5 and 1, not {parsed.confidence:g}; write 0.95")
    out = Path(parsed.out).expanduser()
    if out.suffix != ".toml":
        raise UsageError(f"--out {parsed.out}: a policy is a TOML file; write --out policy.toml")
    return tune_run(
        Path(parsed.run),
        out,
        allowed=parsed.loss / 100,
        error=round(1 - parsed.confidence, 12),
        reference=parsed.against,
        seed=parsed.seed,
    )
