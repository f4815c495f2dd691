"""``s1m data curate``: a chain of filters, each of which says why: the funnel, what is kept, and what is not."""

from __future__ import annotations

from argparse import Namespace

from s1m.cli.flags import add_keys, file_and_flags
from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "A chain of filters, each of which says why: the funnel, what is kept, and what is not."
examples = """Every flag is also a key of the settings file, with underscores; flags win. Tables of the file:

  [[data]]                    a source, as for s1m train
  path = "runs/teacher/data"
  [[target]]                  a benchmark of which no problem may be kept
  benchmark = "mathvision"
  split = "test"
  data = "MathVision/"        local folder with its data, instead of the Hub
  [quotas]                    most rows of a domain
  counting = 100

examples:
  s1m data curate curate.toml --out data/curated
  s1m data curate curate.toml --out data/curated --keep 500     choose again; no row is looked at again
  s1m data curate curate.toml --ray auto                        the same rows, on a cluster
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.data.curate.settings import CurateSettings

    verb.add_argument(
        "config", metavar="CONFIG.toml", type=path, help="settings, and a [[data]] table for every source"
    )
    add_keys(verb, CurateSettings, but=("data", "target", "quotas"))


def run(parsed: Namespace) -> int:
    """Curate; the exit code."""
    from s1m.data.curate import run as work
    from s1m.data.curate.settings import CurateSettings, curate_settings

    return work.curate(curate_settings(file_and_flags(CurateSettings, parsed), parsed.config))
