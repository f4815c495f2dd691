"""``s1m data distill``: long traces from a teacher, forced to think on; only right answers are kept."""

from __future__ import annotations

from argparse import SUPPRESS, Namespace

from s1m.cli.flags import add_settings, add_tokenizer, file_and_flags
from s1m.cli.parser import Parser
from s1m.errors import UsageError

summary = "Long traces from a teacher, forced to think on; only right answers are kept."
examples = """A distillation is a run of several forced chains a problem, in a run folder: interrupted, the same
command goes on, and s1m report draws it. The teacher is never told an answer. Rows, funnel and
rejects are made anew from the run every time, so --compose can be added when nobody is left to ask.

examples:
  s1m data distill digits --samples 4 --num-ignore 0-3 --limit 256 --out runs/teacher
  s1m data distill custom --data mine.jsonl --split all --engine vllm --base-url http://127.0.0.1:8000/v1
  s1m data distill custom --data mine.jsonl --split all --engine http --base-url http://127.0.0.1:8000/v1 \\
      --describer-engine http --describer-base-url http://127.0.0.1:8001/v1      the teacher sees only text
"""

NOT_DISTILLED = ("sweep", "vote_weight", "min_confidence", "judge_model", "judge_base_url")
"""Settings of a run that a distillation has no use for."""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.data.distill.settings import DistillSettings

    verb.add_argument("benchmark", metavar="BENCHMARK", help="name of the benchmark whose problems are put")
    verb.add_argument("--samples", metavar="N", type=int, default=SUPPRESS, help="chains a problem. Default: 4.")
    verb.add_argument(
        "--compose",
        metavar="N",
        type=int,
        default=0,
        help="also make rows that go through up to so many wrong attempts before the right one; asks nobody",
    )
    add_tokenizer(verb)
    add_settings(verb, DistillSettings, but=("benchmark", "strategy", "levels", *NOT_DISTILLED))


def run(found: Namespace) -> int:
    """Distill; the exit code."""
    from s1m.data.distill import run as work
    from s1m.data.distill.settings import DistillSettings, distill_settings

    if found.compose < 0:
        raise UsageError(f"--compose must be at least 0, not {found.compose}")
    settings = distill_settings(file_and_flags(DistillSettings, found, ("compose", "tokenizer")), "s1m data distill")
    return work.distill(settings, compose=found.compose, tokenizer=found.tokenizer)
