"""The verbs of ``s1m data`` and their flags."""

from __future__ import annotations

from s1m.grammar import Parser


def fill(data: Parser) -> None:
    """Add the verbs."""
    data.epilog = EXAMPLES
    verbs = data.add_subparsers(dest="data_verb", metavar="VERB", required=True, parser_class=Parser)
    for name, (summary, fill_verb) in VERBS.items():
        verb = verbs.add_parser(name, help=summary, description=summary)
        verb.set_defaults(parser=verb)
        fill_verb(verb)


def fill_stats(verb: Parser) -> None:
    """Flags of ``s1m data stats``."""
    verb.epilog = STATS_EXAMPLES
    verb.add_argument(
        "sources", metavar="SOURCE", nargs="+", help="file, folder, Hub id, or what is made on the spot: digits"
    )
    verb.add_argument(
        "--tokenizer", metavar="NAME", default="", help="folder or Hub id of what counts (default: estimated)"
    )
    verb.add_argument(
        "--column", metavar="COLUMN", default="", help="measure this column of texts (default: responses)"
    )
    verb.add_argument(
        "--by", metavar="COLUMN", default="domain", help="what to break a source down by (default: domain)"
    )
    verb.add_argument(
        "--split", metavar="SPLIT", default="train", help="split of folders and Hub datasets (default: train)"
    )
    verb.add_argument("--rows", metavar="N", type=int, help="only the first so many rows of each source")
    verb.add_argument("--out", metavar="FOLDER", default="runs/stats", help="for figure and JSON (default: runs/stats)")
    verb.add_argument("--json", action="store_true", help="print the numbers as JSON as well")


VERBS = {
    "stats": ("How long the responses of any number of datasets are: a table and a figure.", fill_stats),
}

EXAMPLES = """examples:
  s1m data stats traces.parquet simplescaling/s1K-1.1 --tokenizer Qwen/Qwen2-VL-7B-Instruct
"""

STATS_EXAMPLES = """Reads from first to last without images or copies: a million rows take no more memory than a few.

examples:
  s1m data stats digits --rows 1000 --tokenizer bundled
  s1m data stats traces.parquet more/ PKU-Alignment/s1-m_beta --tokenizer Qwen/Qwen2-VL-7B-Instruct --by source
"""
