"""``s1m data generate``: make problems with long traces by program, each solved step by step and checked."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.flags import add_tokenizer, named_source
from s1m.cli.parser import Parser
from s1m.cli.values import count, path, whole

summary = "Make problems with long traces by program, each solved step by step and checked."
examples = """The rows of a seed are the same on every machine, and the first N rows of a longer set.
s1m train generates them on the fly as well: path = "longvision" in a [[data]] table.

examples:
  s1m data generate longvision --rows 1000 --out data/longvision
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.datasets.source import GENERATED_SETS

    verb.add_argument("set", metavar="SET", choices=GENERATED_SETS, help=f"what to make: {' or '.join(GENERATED_SETS)}")
    verb.add_argument("--rows", metavar="N", type=count, default=1000, help="how many (default: 1000)")
    verb.add_argument(
        "--seed", metavar="N", type=whole, default=42, help="of the rows, the same everywhere (default: 42)"
    )
    add_tokenizer(verb)
    verb.add_argument(
        "--out", metavar="FOLDER", type=path, default="", help="folder for parquet files (default: data/SET)"
    )


def run(parsed: Namespace) -> int:
    """Make the rows; the exit code."""
    from s1m.data.generate import generate_rows
    from s1m.datasets.tokens import TokenCounter

    source = named_source(parsed.set, "s1m data generate", rows=parsed.rows)
    out = Path(parsed.out or f"data/{parsed.set}")
    return generate_rows(source, TokenCounter(parsed.tokenizer), seed=parsed.seed, out=out)
