"""``s1m demo``: the bundled model on the bundled benchmark, its stops ignored 0 to 7 times: about a minute."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from s1m.cli.parser import Parser
from s1m.cli.values import path

summary = "The bundled toy model on the bundled benchmark, its stops ignored 0 to 7 times: about a minute."
examples = ""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    verb.add_argument("--out", metavar="FOLDER", type=path, default="runs/demo", help="run folder (default: runs/demo)")


def run(parsed: Namespace) -> int:
    """Run the demo; the exit code."""
    from importlib.resources import files

    from s1m.analysis.run.results import write_results
    from s1m.evaluate.benchmark import run_benchmark
    from s1m.evaluate.settings import eval_settings
    from s1m.files.settings import read_toml

    values = read_toml(Path(str(files("s1m").joinpath("assets/digits.toml"))))
    return run_benchmark(eval_settings({**values, "out": parsed.out}, "s1m demo"), write_results)
