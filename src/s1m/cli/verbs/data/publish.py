"""``s1m data publish``: a dataset in S1-M's columns with its card: figure, funnel, licences, contamination."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.flags import add_tokenizer
from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "A dataset in S1-M's columns with its card: figure, funnel, licences, contamination."
examples = """Nothing is uploaded; the last line printed is the command that uploads it.

examples:
  s1m data publish data/curated --out datasets/my-set --licence apache-2.0
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument(
        "sources", metavar="SOURCE", nargs="+", type=path, help="folder of a curation, a distillation, or rows"
    )
    verb.add_argument(
        "--out", metavar="FOLDER", type=path, required=True, help="folder of the dataset, as it will be uploaded"
    )
    verb.add_argument("--name", metavar="NAME", default="", help="what the card calls it (default: the folder's name)")
    verb.add_argument(
        "--allow-outside",
        metavar="PATH",
        type=path,
        default="",
        help="another folder whose images the rows may name by path",
    )
    verb.add_argument("--licence", metavar="ID", default="", help="the Hub's id of the licence, such as apache-2.0")
    add_tokenizer(verb)


def run(parsed: Namespace) -> int:
    """Write the dataset; the exit code."""
    from s1m.data.publish.run import publish_dataset
    from s1m.datasets.tokens import TokenCounter

    return publish_dataset(
        parsed.sources,
        Path(parsed.out),
        name=parsed.name,
        licence=parsed.licence,
        allow_outside=parsed.allow_outside,
        counter=TokenCounter(parsed.tokenizer),
    )
