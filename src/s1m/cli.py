"""The ``s1m`` command: one small function a verb; what is slow to import is imported inside them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from s1m.errors import S1mError, UsageError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; the exit code. 0 done, 1 something failed, 2 the request was wrong, 130 interrupted."""
    verbs = {
        "eval": evaluate,
        "score": score,
        "serve": serve,
        "train": train,
        "data": data,
        "report": report,
        "compare": compare,
        "replay": replay,
        "import": import_,
        "demo": demo,
        "benchmarks": benchmarks,
    }
    try:
        from s1m.arguments import build_parser

        found = build_parser().parse_args(arguments)
        return verbs[found.verb](found)
    except S1mError as error:
        sys.stderr.write(f"s1m: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("s1m: interrupted\n")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def evaluate(found: Namespace) -> int:
    """``s1m eval``."""
    from s1m.commands import run_benchmark, show_plan
    from s1m.config import EvalSettings, eval_settings

    values = _given(found, EvalSettings, "benchmark")
    dry_run = values.pop("dry_run")
    settings = eval_settings(values, "s1m eval")
    return show_plan(settings) if dry_run else run_benchmark(settings)


def score(found: Namespace) -> int:
    """``s1m score``."""
    from s1m.score import score_file

    responses = Path(found.responses)
    return score_file(
        found.benchmark,
        responses,
        split=found.split,
        data=found.data,
        out=found.out,
        as_json=found.json,
        judge_model=found.judge_model,
        judge_base_url=found.judge_base_url,
    )


def serve(found: Namespace) -> int:
    """``s1m serve``."""
    from s1m.config import settings_from
    from s1m.serve.command import shell_line
    from s1m.serve.launch import serve_model
    from s1m.serve.resolve import resolve
    from s1m.serve.settings import ServeSettings

    values = _given(found, ServeSettings, "model")
    dry_run = values.pop("dry_run")
    settings = settings_from(ServeSettings, values, "s1m serve")
    if dry_run:
        sys.stdout.write(shell_line(resolve(settings)) + "\n")
        return 0
    return serve_model(settings)


def train(found: Namespace) -> int:
    """``s1m train``."""
    from s1m.grammar import file_and_flags
    from s1m.train.settings import TrainSettings, train_settings

    settings = train_settings(file_and_flags(TrainSettings, found, ("check",)), found.config)

    from s1m.train import run

    return run.check(settings) if found.check else run.train(settings)


def data(found: Namespace) -> int:
    """``s1m data``."""
    from s1m.data.verbs import run

    return run(found)


def report(found: Namespace) -> int:
    """``s1m report``."""
    from s1m.commands import draw_report

    return draw_report([Path(run) for run in found.runs], found.out, as_json=found.json)


def compare(found: Namespace) -> int:
    """``s1m compare``."""
    from s1m.analysis.cost import Costing
    from s1m.analysis.shape import shape_told
    from s1m.compare import compare_runs

    shape = shape_told(found.parameters, found.layers, found.hidden)
    if found.prompt_tokens < 0:
        raise UsageError(f"--prompt-tokens must be at least 0, not {found.prompt_tokens}")
    if found.cost != "flops" and (shape or found.prompt_tokens):
        raise UsageError("a model's shape and its prompt tokens are for --cost flops")
    costing = Costing(unit=found.cost, shape=shape, prompt_tokens=found.prompt_tokens)
    return compare_runs([Path(run) for run in found.runs], costing, out=found.out, as_json=found.json)


def replay(found: Namespace) -> int:
    """``s1m replay``."""
    from s1m.commands import replay_run

    given = {name: value for name, value in vars(found).items() if name not in ("verb", "parser", "run")}
    return replay_run(Path(found.run), given)


def import_(found: Namespace) -> int:
    """``s1m import``."""
    from s1m.commands import import_results

    return import_results(
        found.benchmark,
        [Path(file) for file in found.results],
        out=Path(found.out),
        model=found.model,
        num_ignore=found.num_ignore,
        tokenizer=found.tokenizer,
        data=found.data,
        split=found.split,
    )


def demo(found: Namespace) -> int:
    """``s1m demo``."""
    from importlib.resources import files

    from s1m.commands import run_benchmark
    from s1m.config import eval_settings, read_toml

    values = read_toml(Path(str(files("s1m").joinpath("assets/digits.toml"))))
    return run_benchmark(eval_settings({**values, "out": found.out}, "s1m demo"))


def benchmarks(_found: Namespace) -> int:
    """``s1m benchmarks``."""
    from s1m.commands import list_benchmarks

    return list_benchmarks()


def _given(found: Namespace, kind: type, subject: str) -> dict[str, Any]:
    """The settings that file and flags give, flags winning, and ``dry_run``, true or false."""
    from s1m.config import check_keys, read_toml

    values = {} if found.config is None else read_toml(Path(found.config))
    dry_run = values.pop("dry_run", False) or found.dry_run
    if not isinstance(dry_run, bool):
        raise UsageError(f"{found.config}: dry_run is true or false, not {dry_run!r}")
    check_keys(kind, values, str(found.config))
    named = getattr(found, subject)
    if values.get(subject, named) != named:
        raise UsageError(f"{found.config} is for {values[subject]}, not for {named}")
    flags = {k: v for k, v in vars(found).items() if k not in ("verb", "parser", "config", "dry_run")}
    return {**values, **flags, "dry_run": dry_run}


if __name__ == "__main__":
    sys.exit(main())
