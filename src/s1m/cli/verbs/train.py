"""``s1m train``: fine-tune a vision-language model on long chains of thought."""

from __future__ import annotations

from argparse import Namespace

from s1m.cli.flags import add_keys, file_and_flags
from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "Fine-tune a vision-language model on long chains of thought."
examples = """Every flag is also a key of the settings file, with underscores; flags win. A source is a table:

  [[data]]
  path = "traces.parquet"     a parquet or JSON lines file, a folder of them, a dataset of the Hub,
                              or a synthetic set: digits, longvision
  split = "train"             of a folder or a dataset of the Hub
  format = "auto"             messages, sharegpt, s1m, s1k, prompt-completion, problem-solution,
                              instruction-output or question-response; auto goes by the columns of each row
  weight = 1.0                how often a row is seen in an epoch, on average
  rows = 1000                 only the first N

examples:
  s1m train my.toml --check                    what is kept, how long it is, what is dropped and why
  s1m train my.toml --out checkpoints/mine     interrupted: re-run the command to resume
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.train.settings import TrainSettings

    verb.add_argument(
        "config", metavar="CONFIG.toml", type=path, help="settings, and a [[data]] table for every source"
    )
    add_keys(verb, TrainSettings, but=("data",))
    verb.add_argument(
        "--check", action="store_true", help="look at the data, show what is kept and why not; no training"
    )


def run(parsed: Namespace) -> int:
    """Train, or with ``--check`` look at the data; the exit code."""
    from s1m.files.printing import Printer
    from s1m.train.family import with_family
    from s1m.train.loop.processes import is_main_process
    from s1m.train.settings import TrainSettings, train_settings

    settings = train_settings(file_and_flags(TrainSettings, parsed, but=("check",)), parsed.config)
    settings, said = with_family(settings)
    if said and is_main_process():
        Printer(stderr=True).print(said)

    from s1m.train import run as work  # slow to import: wrong settings are refused before

    return work.check(settings) if parsed.check else work.train(settings)
