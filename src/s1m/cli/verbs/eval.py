"""``s1m eval``: run a benchmark: think, ignore the model's stops, answer at every level, score."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from s1m.cli.flags import add_settings, file_and_flags
from s1m.cli.parser import Parser
from s1m.cli.values import count_or_zero

if TYPE_CHECKING:
    from s1m.evaluate.settings import EvalSettings

summary = "Run a benchmark: think, ignore the model's stops, answer at every level, score."
examples = """Every flag is also a key of a settings file, with underscores: --top-p 1 is top_p = 1.

examples:
  s1m eval digits --num-ignore 0-7 --limit 256 --out runs/mine
  s1m eval digits --config runs/demo/settings.toml --temperature 0.7
  s1m eval digits --ignore-strings "Wait," "Look at the picture again."
  s1m eval digits --limit 2000 --live 8080                           watch it at http://127.0.0.1:8080
  s1m eval digits --strategy vote --levels 1,2,4,8 --dry-run         what it would cost at most
  s1m eval my_package.benchmark:Mine --data mine/                    a benchmark of your own: docs/extending.md
"""


def add_flags(verb: Parser) -> None:
    """Add the flags of the verb."""
    from s1m.evaluate.settings import EvalSettings

    verb.add_argument(
        "benchmark", metavar="BENCHMARK", help="name of the benchmark (see: s1m benchmarks), or module:Class"
    )
    add_settings(verb, EvalSettings, but=("benchmark",))
    verb.add_argument(
        "--dry-run",
        action="store_true",
        help="show the settings, the most that the run can cost, and the requests of one problem; nothing is asked",
    )
    verb.add_argument(
        "--live",
        metavar="PORT",
        type=count_or_zero,
        default=None,
        help="show the run on a page at http://127.0.0.1:PORT while it runs; 0 takes a free port",
    )


def run(parsed: Namespace) -> int:
    """Run the benchmark, or with ``--dry-run`` show what would be run; the exit code."""
    from s1m.analysis.run.results import write_results
    from s1m.evaluate.benchmark import run_benchmark
    from s1m.evaluate.plan import show_plan
    from s1m.evaluate.settings import EvalSettings, eval_settings

    values = file_and_flags(EvalSettings, parsed, subject="benchmark", but=("live",))
    dry_run = values.pop("dry_run")
    settings = eval_settings(values, "s1m eval")
    if dry_run:
        return show_plan(settings)
    fit_budget = "max_thinking_tokens" not in values
    if parsed.live is not None:
        return _run_watched(settings, parsed.live, fit_budget=fit_budget)
    return run_benchmark(settings, write_results, fit_budget=fit_budget)


def _run_watched(settings: EvalSettings, port: int, *, fit_budget: bool) -> int:
    from s1m.analysis.live.server import LiveServer
    from s1m.analysis.live.state import LiveState
    from s1m.analysis.run.results import write_results
    from s1m.evaluate.benchmark import run_benchmark
    from s1m.files.printing import Printer

    state = LiveState()
    with LiveServer(state, port) as server:
        Printer(stderr=True).print(f"live: {server.url}")
        code = run_benchmark(settings, write_results, fit_budget=fit_budget, watcher=state)
        state.end({0: "done", 130: "interrupted"}.get(code, "failed"))
    return code
