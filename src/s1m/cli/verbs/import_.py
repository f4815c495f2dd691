"""``s1m import``: make a run of responses that another program recorded, to stand beside yours."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "Make a run of responses that another program recorded, to stand beside yours."
examples = """A file is one that S1-M published, or whatever s1m score reads: samples of lmms-eval, predictions of
VLMEvalKit and evalscope, logs of inspect_ai, any CSV, TSV, xlsx or JSON with an id and a response. Several responses
to a problem are samples. The level of a file is that of --num-ignore, else of its name (results_3.json), else 0 for
one file alone. Without --tokenizer tokens are estimated as characters / 4, and the run says so.

examples:
  s1m import mathvista qwen2vl_7b_mathvista_baseline.json --data mathvista/testmini.json --out runs/qwen2vl_7b
  s1m import mathvista results_0.json results_1.json --model s1-m_7b_beta --out runs/s1m_7b
  s1m import mmmu 20261126_samples_mmmu_val.jsonl --data mmmu/ --out runs/lmms_eval
  s1m report runs/mine runs/s1m_7b --out compare.html
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument(
        "benchmark", metavar="BENCHMARK", help="name of the benchmark (see: s1m benchmarks), or module:Class"
    )
    verb.add_argument(
        "results", metavar="RESPONSES", nargs="+", type=path, help="files of recorded responses, one a level"
    )
    verb.add_argument(
        "--out", metavar="RUN", type=path, required=True, help="run folder to make; it must be empty or absent"
    )
    verb.add_argument("--num-ignore", metavar="LEVELS", default="", help="levels of the files in their order, as 0-7")
    verb.add_argument(
        "--model", metavar="NAME", default="", help="the model that answered (default: the first file's name)"
    )
    verb.add_argument(
        "--tokenizer", metavar="FOLDER", default="", help="folder or Hub id of what counts tokens (default: estimated)"
    )
    verb.add_argument("--data", metavar="FOLDER", type=path, default="", help="local folder with the benchmark's data")
    verb.add_argument("--split", metavar="SPLIT", default="", help="part of the benchmark (default: its default one)")
    verb.add_argument(
        "--thinking-open", metavar="TEXT", default="", help="how thinking begins (default: as any known family's does)"
    )
    verb.add_argument("--thinking-close", metavar="TEXT", default="", help="how thinking ends")


def run(parsed: Namespace) -> int:
    """Make the run; the exit code."""
    from s1m.analysis.responses.delimiters import delimiters_of
    from s1m.analysis.responses.imported import import_results

    return import_results(
        parsed.benchmark,
        [Path(file) for file in parsed.results],
        out=Path(parsed.out),
        model=parsed.model,
        num_ignore=parsed.num_ignore,
        tokenizer=parsed.tokenizer,
        data=parsed.data,
        split=parsed.split,
        delimiters=delimiters_of("", parsed.thinking_open, parsed.thinking_close),
    )
