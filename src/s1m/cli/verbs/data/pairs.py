"""``s1m data pairs``: preference pairs from runs: closed, right and short against looped, unclosed, wrong or long."""

from __future__ import annotations

from argparse import Namespace

from s1m.cli.flags import add_keys, given_flags
from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "Preference pairs from runs: closed, right and short against looped, unclosed, wrong or long."
examples = """Runs are those of s1m eval and s1m data distill; several of one benchmark are read together. No engine is
called. The rows have the columns prompt, chosen, rejected and images, which TRL's trainers read as they are.

examples:
  s1m eval digits --split train --samples 4 --temperature 1 --out runs/train
  s1m data pairs runs/train --target digits --out data/pairs
  s1m train configs/train/preference.toml --objective dpo
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.data.preference.settings import PairSettings

    verb.add_argument("runs", metavar="RUN", nargs="+", type=path, help="run folder")
    verb.add_argument(
        "--out", metavar="FOLDER", type=path, required=True, help="folder for the pairs and what they were made of"
    )
    add_keys(verb, PairSettings, but=("runs", "out"))


def run(parsed: Namespace) -> int:
    """Make the pairs; the exit code."""
    from s1m.data.preference import run as work
    from s1m.data.preference.settings import pair_settings

    return work.make_pairs(pair_settings(given_flags(parsed)))
