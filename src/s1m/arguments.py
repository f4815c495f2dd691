"""The verbs of the command line and their flags, drawn from their settings."""

from __future__ import annotations

from dataclasses import fields

from s1m.grammar import Parser, add_fields, add_settings


def build_parser() -> Parser:
    """The grammar of ``s1m``. Cheap: no verb's own libraries are imported."""
    from s1m import __version__

    parser = Parser(prog="s1m", description=TOP, epilog=EXAMPLES)
    parser.add_argument("--version", action="version", version=f"s1m {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    for name, (summary, fill) in VERBS.items():
        verb = verbs.add_parser(name, help=summary, description=summary)
        verb.set_defaults(parser=verb)
        fill(verb)
    return parser


def fill_eval(verb: Parser) -> None:
    """Flags of ``s1m eval``: one a setting, all absent unless given, so that a file can fill the rest."""
    from s1m.config import EvalSettings

    verb.epilog = EVAL_EXAMPLES
    verb.add_argument("benchmark", metavar="BENCHMARK", help="name of the benchmark (see: s1m benchmarks)")
    add_settings(verb, EvalSettings, but=("benchmark",))
    verb.add_argument("--dry-run", action="store_true", help="show settings, plan and requests; ask nobody")


def fill_score(verb: Parser) -> None:
    """Flags of ``s1m score``."""
    verb.epilog = SCORE_EXAMPLES
    verb.add_argument("benchmark", metavar="BENCHMARK", help="name of the benchmark (see: s1m benchmarks)")
    verb.add_argument("responses", metavar="RESPONSES.jsonl", help='lines of {"id", "response", "extraction"}')
    verb.add_argument("--data", metavar="FOLDER", default="", help="local folder with the benchmark's data")
    verb.add_argument("--split", metavar="SPLIT", default="", help="part of the benchmark (default: its usual one)")
    verb.add_argument("--out", metavar="VERDICTS.jsonl", default="", help="write a line of verdicts for every response")
    verb.add_argument("--json", action="store_true", help="print the counts as JSON instead of a table")
    verb.add_argument("--judge-model", metavar="NAME", default="", help="the judge (default: its server's only model)")
    verb.add_argument("--judge-base-url", metavar="URL", default="", help="chat server that reads what no rule can")


def fill_serve(verb: Parser) -> None:
    """Flags of ``s1m serve``: as for ``s1m eval``; what follows a ``--`` is vLLM's."""
    from s1m.serve.settings import ServeSettings

    verb.epilog = SERVE_EXAMPLES
    verb.usage = "s1m serve [-h] [flags] MODEL [-- flags of vllm serve]"
    verb.add_argument("model", metavar="MODEL", help="folder or Hub id of the model")
    add_settings(verb, ServeSettings, but=("model", "extra"))
    verb.add_argument("--dry-run", action="store_true", help="print the command that would be run; start nothing")


def fill_train(verb: Parser) -> None:
    """Flags of ``s1m train``: one a setting but the sources of data, which only a file can hold."""
    from s1m.train.settings import TrainSettings

    verb.epilog = TRAIN_EXAMPLES
    verb.add_argument("config", metavar="CONFIG.toml", help="settings, and a [[data]] table for every source")
    add_fields(verb, TrainSettings, but=("data",))
    verb.add_argument(
        "--check", action="store_true", help="look at the data, show what is kept and why not; no training"
    )


def fill_data(verb: Parser) -> None:
    """The verbs of ``s1m data``."""
    from s1m.data.arguments import fill

    fill(verb)


def fill_report(verb: Parser) -> None:
    """Flags of ``s1m report``."""
    verb.add_argument("runs", metavar="RUN", nargs="+", help="run folders; several are drawn side by side")
    verb.add_argument("--out", metavar="FILE.html", default="", help="the page (default: report.html in the first run)")
    verb.add_argument("--json", action="store_true", help="print the summaries as JSON as well")


def fill_compare(verb: Parser) -> None:
    """Flags of ``s1m compare``."""
    verb.epilog = COMPARE_EXAMPLES
    verb.add_argument("runs", metavar="RUN", nargs="+", help="run folders of one benchmark")
    verb.add_argument(
        "--cost",
        choices=("tokens", "flops", "seconds"),
        default="tokens",
        help="what a problem costs: generated tokens, operations, wall seconds (default: tokens)",
    )
    verb.add_argument(
        "--out", metavar="FILE.html", default="", help="the page (default: compare.html in the first run)"
    )
    verb.add_argument("--json", action="store_true", help="print the comparison as JSON as well")
    verb.add_argument("--parameters", metavar="X", type=float, help="flops: parameters of the model, such as 7.6e9")
    verb.add_argument("--layers", metavar="N", type=int, help="flops: layers of the model, such as 28")
    verb.add_argument("--hidden", metavar="N", type=int, help="flops: width of the model, such as 3584")
    verb.add_argument(
        "--prompt-tokens",
        metavar="N",
        type=int,
        default=0,
        help="flops: tokens of a problem's prompt, images included (default: not counted)",
    )


def fill_replay(verb: Parser) -> None:
    """Flags of ``s1m replay``: those settings of ``s1m eval`` that a replay has of its own."""
    from s1m.config import REPLAY_FLAGS, EvalSettings

    verb.epilog = REPLAY_EXAMPLES
    verb.add_argument("run", metavar="RUN", help="run folder of strategy hybrid, vote or sequential")
    add_fields(verb, EvalSettings, but=[field.name for field in fields(EvalSettings) if field.name not in REPLAY_FLAGS])


def fill_import(verb: Parser) -> None:
    """Flags of ``s1m import``."""
    verb.epilog = IMPORT_EXAMPLES
    verb.add_argument("benchmark", metavar="BENCHMARK", help="name of the benchmark (see: s1m benchmarks)")
    verb.add_argument("results", metavar="RESULTS.json", nargs="+", help="result files of S1-M, one a level")
    verb.add_argument("--out", metavar="RUN", required=True, help="run folder to make; an empty one or none yet")
    verb.add_argument("--num-ignore", metavar="LEVELS", default="", help="levels of the files in their order, as 0-7")
    verb.add_argument("--model", metavar="NAME", default="", help="who answered (default: the first file's name)")
    verb.add_argument(
        "--tokenizer", metavar="FOLDER", default="", help="folder or Hub id of what counts tokens (default: estimated)"
    )
    verb.add_argument("--data", metavar="FOLDER", default="", help="local folder with the benchmark's data")
    verb.add_argument("--split", metavar="SPLIT", default="", help="part of the benchmark (default: its usual one)")


def fill_demo(verb: Parser) -> None:
    """Flags of ``s1m demo``."""
    verb.add_argument("--out", metavar="FOLDER", default="runs/demo", help="run folder (default: runs/demo)")


def fill_benchmarks(verb: Parser) -> None:
    """``s1m benchmarks`` has no flags."""


VERBS = {
    "eval": ("Run a benchmark: think, ignore the end of thinking, answer at every level, score.", fill_eval),
    "score": ("Score recorded responses of any model, by rule: the official verdict and ours.", fill_score),
    "serve": ("Serve a model with vLLM, set up for long thinking and for continuing it.", fill_serve),
    "train": ("Fine-tune a vision-language model on long chains of thought.", fill_train),
    "data": ("Build training data: measure, make, distill, curate and publish it.", fill_data),
    "report": ("Draw one page from one run or several.", fill_report),
    "compare": ("Put strategies side by side on one axis of cost, with paired tests.", fill_compare),
    "replay": ("Make a run of another strategy from what a run has recorded, asking nobody.", fill_replay),
    "import": ("Make a run of result files that S1-M published, to stand beside yours.", fill_import),
    "demo": ("The bundled model on the bundled benchmark, ignored 0 to 7 times: about a minute.", fill_demo),
    "benchmarks": ("List the benchmarks.", fill_benchmarks),
}

TOP = "Test-time scaling for vision-language models: make a model think longer, and measure what it gains."

EXAMPLES = """examples:
  s1m demo                                              everything at once, in about a minute
  s1m eval digits --num-ignore 0-7 --out runs/mine      your own run; interrupted, the same command goes on
  s1m eval digits --engine http --base-url http://127.0.0.1:8000/v1
  s1m serve PKU-Alignment/s1-m_7b_beta --tensor-parallel-size 4
  s1m report runs/mine runs/other --out compare.html
"""

SCORE_EXAMPLES = """Two verdicts a response: official, as the benchmark's own scorer gives it, edit-distance guesses and
all; and strict, which asks what the response commits to, and gives nothing for nothing. No model is asked
unless you name a judge; what it says is kept in RESPONSES.judgements.jsonl and asked once.

examples:
  s1m score mathvista responses.jsonl --data mathvista/ --out verdicts.jsonl
  s1m score mathvision responses.jsonl --json
"""

COMPARE_EXAMPLES = """Without --parameters, --layers and --hidden, --cost flops reads them in the model's folder.

examples:
  s1m compare runs/sequential runs/vote runs/adaptive --out compare.html
  s1m compare runs/sequential runs/vote --cost flops --parameters 7.6e9 --layers 28 --hidden 3584
"""

REPLAY_EXAMPLES = """The result is a run folder like others, for s1m report and s1m compare. Chains and
ignored ends that are not named are those of the run.

examples:
  s1m eval digits --strategy hybrid --levels 1-8 --num-ignore 0-3 --out runs/rich
  s1m replay runs/rich --strategy vote --levels 1-8 --out runs/vote
  s1m replay runs/rich --strategy hybrid --num-ignore 0-1 --vote-weight confidence --out runs/hybrid_1
  s1m replay runs/rich --strategy adaptive --levels 2,3 --out runs/adaptive
"""

IMPORT_EXAMPLES = """The level of a file is that of --num-ignore, else of its name (results_3.json), else 0 for one file
alone. Without --tokenizer tokens are estimated as characters / 4, and the run says so.

examples:
  s1m import mathvista qwen2vl_7b_mathvista_baseline.json --data mathvista/testmini.json --out runs/qwen2vl_7b
  s1m import mathvista results_0.json results_1.json --model s1-m_7b_beta --out runs/s1m_7b
  s1m report runs/mine runs/s1m_7b --out compare.html
"""

EVAL_EXAMPLES = """Every flag is also a key of a settings file, with underscores: --top-p 1 is top_p = 1.

examples:
  s1m eval digits --num-ignore 0-7 --limit 256 --out runs/mine
  s1m eval digits --config configs/digits.toml --temperature 0.7
  s1m eval digits --ignore-strings "Wait," "Look at the picture again."
"""

SERVE_EXAMPLES = """Every flag is also a key of a settings file, with underscores; extra is what follows a --.
Standard output says when the server is ready and how to use it; vLLM's own output goes to standard error.

examples:
  s1m serve Qwen/Qwen2-VL-7B-Instruct                                        one GPU
  s1m serve PKU-Alignment/s1-m_7b_beta --tensor-parallel-size 4 --dry-run    four; only print the command
  s1m serve ./my-checkpoint --served-model-name mine --port 8001 -- --max-num-seqs 64
  s1m serve MODEL --tensor-parallel-size 16 --nodes 2 --head-address 10.0.0.1                 on the first of two nodes
  s1m serve MODEL --tensor-parallel-size 16 --nodes 2 --head-address 10.0.0.1 --node-rank 1   on the second
"""


TRAIN_EXAMPLES = """Every flag is also a key of the settings file, with underscores; flags win. A source is a table:

  [[data]]
  path = "traces.parquet"     a parquet or JSON lines file, a folder of them, a dataset of the Hub,
                              or made on the spot: digits, longvision
  split = "train"             of a folder or a dataset of the Hub
  format = "auto"             s1m, s1k, messages or sharegpt; auto goes by the columns
  weight = 1.0                how often a row is seen in an epoch, on average
  rows = 1000                 only the first so many

examples:
  s1m train my.toml --check                    what is kept, how long it is, what is dropped and why
  s1m train my.toml --out checkpoints/mine     interrupted, the same command goes on
"""
