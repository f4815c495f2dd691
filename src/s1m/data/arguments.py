"""The verbs of ``s1m data`` and their flags."""

from __future__ import annotations

from argparse import SUPPRESS

from s1m.examples.source import MADE_SETS
from s1m.grammar import Parser, add_fields, add_settings


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
        "sources", metavar="SOURCE", nargs="+", help="file, folder, Hub id, or digits, longvision: made on the spot"
    )
    _add_tokenizer(verb)
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
    verb.add_argument("--rows", metavar="N", type=int, help="only the first so many rows of each source")
    verb.add_argument("--out", metavar="FOLDER", default="runs/stats", help="for figure and JSON (default: runs/stats)")
    verb.add_argument("--json", action="store_true", help="print the numbers as JSON as well")


def fill_generate(verb: Parser) -> None:
    """Flags of ``s1m data generate``."""
    verb.epilog = GENERATE_EXAMPLES
    verb.add_argument("set", metavar="SET", choices=MADE_SETS, help=f"what to make: {' or '.join(MADE_SETS)}")
    verb.add_argument("--rows", metavar="N", type=int, default=1000, help="how many (default: 1000)")
    verb.add_argument(
        "--seed", metavar="N", type=int, default=42, help="of the rows, the same everywhere (default: 42)"
    )
    _add_tokenizer(verb)
    verb.add_argument("--out", metavar="FOLDER", default="", help="folder for parquet files (default: data/SET)")


def fill_distill(verb: Parser) -> None:
    """Flags of ``s1m data distill``: those of a run that mean something here, and its own."""
    from s1m.data.distill_settings import DistillSettings

    verb.epilog = DISTILL_EXAMPLES
    verb.add_argument("benchmark", metavar="BENCHMARK", help="name of the benchmark whose problems are put")
    verb.add_argument("--samples", metavar="N", type=int, default=SUPPRESS, help="chains a problem. Default: 4.")
    verb.add_argument(
        "--compose",
        metavar="N",
        type=int,
        default=0,
        help="also make rows that go through up to so many wrong attempts before the right one; asks nobody",
    )
    _add_tokenizer(verb)
    add_settings(verb, DistillSettings, but=("benchmark", "strategy", "levels", *NOT_DISTILLED))


def fill_curate(verb: Parser) -> None:
    """Flags of ``s1m data curate``: one a setting but the tables, which only a file can hold."""
    from s1m.data.settings import CurateSettings

    verb.epilog = CURATE_EXAMPLES
    verb.add_argument("config", metavar="CONFIG.toml", help="settings, and a [[data]] table for every source")
    add_fields(verb, CurateSettings, but=("data", "target", "quotas"))


def fill_publish(verb: Parser) -> None:
    """Flags of ``s1m data publish``."""
    verb.epilog = PUBLISH_EXAMPLES
    verb.add_argument("sources", metavar="SOURCE", nargs="+", help="folder of a curation, a distillation, or rows")
    verb.add_argument("--out", metavar="FOLDER", required=True, help="folder of the dataset, as it will be uploaded")
    verb.add_argument("--name", metavar="NAME", default="", help="what the card calls it (default: the folder's name)")
    verb.add_argument("--licence", metavar="ID", default="", help="the Hub's id of the licence, such as apache-2.0")
    _add_tokenizer(verb)


def _add_tokenizer(verb: Parser) -> None:
    verb.add_argument(
        "--tokenizer",
        metavar="NAME",
        default="",
        help="folder with a tokenizer.json, Hub id, or bundled: what counts tokens (default: characters / 4)",
    )


NOT_DISTILLED = ("sweep", "vote_weight", "min_confidence", "judge_model", "judge_base_url")
"""Settings of a run that a distillation has no use for."""

VERBS = {
    "stats": ("How long the responses of any number of datasets are: a table and a figure.", fill_stats),
    "generate": ("Make problems with long traces by program, each solved step by step and checked.", fill_generate),
    "distill": ("Long traces from a teacher, forced to think on; only right answers are kept.", fill_distill),
    "curate": ("A chain of filters, each of which says why: the funnel, what is kept, and what is not.", fill_curate),
    "publish": ("A dataset in S1-M's columns with its card: figure, funnel, licences, contamination.", fill_publish),
}

EXAMPLES = """examples:
  s1m data stats traces.parquet simplescaling/s1K-1.1 --tokenizer Qwen/Qwen2-VL-7B-Instruct
  s1m data generate longvision --rows 1000 --out data/longvision
  s1m data distill mathvision --split test --engine vllm --base-url http://127.0.0.1:8000/v1 --out runs/teacher
  s1m data curate curate.toml
  s1m data publish data/curated --out datasets/my-set --licence apache-2.0
"""

STATS_EXAMPLES = """Reads from first to last without images or copies: a million rows take no more memory than a few.

examples:
  s1m data stats digits --rows 1000 --tokenizer bundled
  s1m data stats traces.parquet more/ PKU-Alignment/s1-m_beta --tokenizer Qwen/Qwen2-VL-7B-Instruct --by source
"""

GENERATE_EXAMPLES = """The rows of a seed are the same on every machine, and the first so many of a longer set.
s1m train makes them on the spot as well: path = "longvision" in a [[data]] table.

examples:
  s1m data generate longvision --rows 1000 --out data/longvision
"""

DISTILL_EXAMPLES = """A distillation is a run of several forced chains a problem, in a run folder: interrupted, the same
command goes on, and s1m report draws it. The teacher is never told an answer. Rows, funnel and
rejects are made anew from the run every time, so --compose can be added when nobody is left to ask.

examples:
  s1m data distill digits --samples 4 --num-ignore 0-3 --limit 256 --out runs/teacher
  s1m data distill custom --data mine.jsonl --split all --engine vllm --base-url http://127.0.0.1:8000/v1
  s1m data distill custom --data mine.jsonl --split all --engine http --base-url http://127.0.0.1:8000/v1 \\
      --describer-engine http --describer-base-url http://127.0.0.1:8001/v1      the teacher sees only text
"""

CURATE_EXAMPLES = """Every flag is also a key of the settings file, with underscores; flags win. Tables of the file:

  [[data]]                    a source, as for s1m train
  path = "runs/teacher/data"
  [[target]]                  a benchmark that nothing may be taken from
  benchmark = "mathvision"
  split = "test"
  data = "MathVision/"        local folder with its data, instead of the Hub
  [quotas]                    most rows of a domain
  counting = 100

examples:
  s1m data curate curate.toml --out data/curated
  s1m data curate curate.toml --out data/curated --keep 500     choose again; nothing is looked at again
  s1m data curate curate.toml --ray auto                        the same rows, on a cluster
"""

PUBLISH_EXAMPLES = """Nothing is uploaded; the last line printed is the command that does it.

examples:
  s1m data publish data/curated --out datasets/my-set --licence apache-2.0
"""
