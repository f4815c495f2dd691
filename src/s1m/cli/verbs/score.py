"""``s1m score``: score recorded responses of any model, by rule: the official verdict and ours."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "Score recorded responses of any model, by rule: the official verdict and ours."
examples = """Two verdicts a response: official, as the benchmark's own scorer gives it, edit-distance guesses and
all; and strict, which asks what the response commits to, and gives nothing for nothing. No model is asked
unless you name a judge; what it says is kept in RESPONSES.judgements.jsonl and asked once.

Files of other harnesses are known by what they hold: samples of lmms-eval, predictions of evalscope and
VLMEvalKit (xlsx, tsv, csv, json), logs of inspect_ai, and any CSV, TSV or JSON with an id and a response.

examples:
  s1m score mathvista responses.jsonl --data mathvista/ --out verdicts.jsonl
  s1m score mathvision responses.jsonl --json
  s1m score mathvista model_MathVista_MINI.xlsx
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument(
        "benchmark", metavar="BENCHMARK", help="name of the benchmark (see: s1m benchmarks), or module:Class"
    )
    verb.add_argument(
        "responses",
        metavar="RESPONSES",
        type=path,
        help='lines of {"id", "response", "extraction"}, or what another harness wrote',
    )
    verb.add_argument("--data", metavar="FOLDER", type=path, default="", help="local folder with the benchmark's data")
    verb.add_argument("--split", metavar="SPLIT", default="", help="part of the benchmark (default: its default one)")
    verb.add_argument(
        "--out", metavar="VERDICTS.jsonl", type=path, default="", help="write a line of verdicts for every response"
    )
    verb.add_argument("--json", action="store_true", help="print the counts as JSON instead of a table")
    verb.add_argument(
        "--model",
        metavar="NAME",
        type=path,
        default="",
        help="folder or Hub id of the model that responded: its chat template says what its thinking stands between "
        "(default: what any known family puts there; see: s1m families)",
    )
    verb.add_argument("--thinking-open", metavar="TEXT", default="", help="how its thinking begins, instead")
    verb.add_argument("--thinking-close", metavar="TEXT", default="", help="how its thinking ends, instead")
    verb.add_argument("--judge-model", metavar="NAME", default="", help="the judge (default: its server's only model)")
    verb.add_argument("--judge-base-url", metavar="URL", default="", help="chat server that reads what no rule can")


def run(parsed: Namespace) -> int:
    """Score the file; the exit code."""
    from s1m.analysis.responses.delimiters import delimiters_of
    from s1m.analysis.responses.score import score_file

    delimiters = delimiters_of(parsed.model, parsed.thinking_open, parsed.thinking_close)
    return score_file(
        parsed.benchmark,
        Path(parsed.responses),
        split=parsed.split,
        data=parsed.data,
        out=parsed.out,
        as_json=parsed.json,
        judge_model=parsed.judge_model,
        judge_base_url=parsed.judge_base_url,
        delimiters=delimiters,
    )
