"""``s1m data distill``: long traces from a teacher, forced to think on; only right answers are kept."""

from __future__ import annotations

from argparse import SUPPRESS, Namespace

from s1m.cli.flags import add_settings, add_tokenizer, file_and_flags
from s1m.cli.parser import Parser
from s1m.cli.values import count, count_or_zero

summary = "Long traces from a teacher, forced to think on; only right answers are kept."
examples = """A distillation is a run of several forced chains a problem, in a run folder: when interrupted, re-run the
command to resume; s1m report draws it. The teacher is never given an answer. Rows, funnel and rejects
are written anew from the run every time, so --compose can be added without a server.

examples:
  s1m data distill digits --samples 4 --num-ignore 0-3 --limit 256 --out runs/teacher
  s1m data distill custom --data mine.jsonl --split all --engine vllm --base-url http://127.0.0.1:8000/v1
  s1m data distill custom --data mine.jsonl --split all --engine http --base-url http://127.0.0.1:8000/v1 \\
      --describer-engine http --describer-base-url http://127.0.0.1:8001/v1      the teacher sees only text
"""

NOT_DISTILLED = ("strategy", "levels", "sweep", "vote_weight", "min_confidence")
"""Settings of a strategy that a distillation fixes, or has no use for."""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.data.distill.settings import DistillSettings

    verb.add_argument(
        "benchmark", metavar="BENCHMARK", help="name of the benchmark whose problems are asked, or module:Class"
    )
    verb.add_argument("--samples", metavar="N", type=count, default=SUPPRESS, help="chains a problem. Default: 4.")
    verb.add_argument(
        "--compose",
        metavar="N",
        type=count_or_zero,
        default=0,
        help="also make rows that go through up to N wrong attempts before the right one; no engine is called",
    )
    add_tokenizer(verb)
    add_settings(verb, DistillSettings, but=("benchmark", *NOT_DISTILLED))


def run(parsed: Namespace) -> int:
    """Distill; the exit code."""
    from s1m.data.distill import run as work
    from s1m.data.distill.settings import DistillSettings, distill_settings

    values = file_and_flags(DistillSettings, parsed, subject="benchmark", but=("compose", "tokenizer"))
    settings = distill_settings(values, "s1m data distill")
    fit = "max_thinking_tokens" not in values
    return work.distill(settings, compose=parsed.compose, tokenizer=parsed.tokenizer, fit_budget=fit)
