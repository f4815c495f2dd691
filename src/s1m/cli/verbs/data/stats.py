"""``s1m data stats``: how long the responses of any number of datasets are: a table and a figure."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.flags import add_tokenizer, named_source
from s1m.cli.parser import Parser
from s1m.cli.values import count, path

summary = "How long the responses of any number of datasets are: a table and a figure."
examples = """Reads from first to last without images or copies: a million rows take no more memory than a few.

examples:
  s1m data stats digits --rows 1000 --tokenizer bundled
  s1m data stats traces.parquet more/ PKU-Alignment/s1-m_beta --tokenizer Qwen/Qwen2-VL-7B-Instruct --by source
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+",
        type=path,
        help="file, folder, Hub id, or digits, longvision: generated on the fly",
    )
    add_tokenizer(verb)
    verb.add_argument(
        "--column", metavar="COLUMN", default="", help="measure this column of texts (default: responses)"
    )
    verb.add_argument(
        "--by",
        metavar="COLUMN",
        default="",
        help="what to break a source down by (default: domain, where there is one)",
    )
    verb.add_argument(
        "--split", metavar="SPLIT", default="train", help="split of folders and Hub datasets (default: train)"
    )
    verb.add_argument("--rows", metavar="N", type=count, help="only the first N rows of each source")
    verb.add_argument(
        "--out", metavar="FOLDER", type=path, default="runs/stats", help="for figure and JSON (default: runs/stats)"
    )
    verb.add_argument("--json", action="store_true", help="print the numbers as JSON as well")


def run(parsed: Namespace) -> int:
    """Measure the sources; the exit code."""
    from s1m.data.stats.show import show_stats
    from s1m.datasets.tokens import TokenCounter

    return show_stats(
        [named_source(path, "s1m data stats", split=parsed.split, rows=parsed.rows) for path in parsed.sources],
        TokenCounter(parsed.tokenizer),
        column=parsed.column,
        by=parsed.by,
        out=Path(parsed.out),
        as_json=parsed.json,
    )
