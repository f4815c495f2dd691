"""A run of a benchmark from start to end: what is owed, then the judge's part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from s1m.benchmarks import find_benchmark
from s1m.engines.concurrency import SERVER_CONCURRENCY
from s1m.engines.remote import Patience
from s1m.errors import EngineUnavailable
from s1m.evaluate.build import name_model, resolve
from s1m.evaluate.judging import judge_run, unread_of
from s1m.evaluate.owed import run_owed
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.files.printing import Printer
from s1m.judge import Judge, unjudged
from s1m.types import Benchmark, Problem


def run_benchmark(settings: EvalSettings, finish: Callable[[Run], None]) -> int:
    """``s1m eval``: run what is owed, then ``finish`` the run.

    Returns the exit code: 1 when problems failed, 130 when interrupted.
    """
    console = Printer(stderr=True)
    benchmark = find_benchmark(settings.benchmark)
    settings = asyncio.run(name_model(resolve(settings, benchmark)))
    problems = load_problems(settings, benchmark)
    store = RunStore(settings)
    try:
        try:
            asyncio.run(run_owed(settings, benchmark, problems, store, console))
            judged = not settings.judge_base_url or _have_judged(settings, benchmark, problems, console)
            run = load_run(store.folder)
            finish(run)
        except KeyboardInterrupt:
            recorded = f"{len(store.keys)} of {len(problems)} problems recorded"
            console.print(f"\ninterrupted with {recorded}; the same command goes on from there")
            return 130
    finally:
        store.close()
    if run.failed:
        where = f"see {store.folder / 'failures.jsonl'}"
        console.print(f"{run.failed} problems failed and stay owed ({where}); the same command tries them again")
        return 1
    return 0 if judged else 1


def load_problems(settings: EvalSettings, benchmark: Benchmark) -> Sequence[Problem]:
    """The problems that the settings ask for."""
    return benchmark.load(split=settings.split, limit=settings.limit, data=settings.data or None)


def _have_judged(settings: EvalSettings, benchmark: Benchmark, problems: Sequence[Problem], console: Printer) -> bool:
    """Have a judge read what no rule could of the recorded answers; whether it read all of it."""
    run = load_run(settings.run_folder)
    judge = Judge(
        settings.judge_base_url,
        settings.judge_model,
        max_concurrency=settings.concurrency or SERVER_CONCURRENCY,
        patience=Patience(timeout_seconds=settings.timeout_seconds),
    )
    if unread := unread_of(run):
        console.print(f"{len(unread)} answers that no rule could read go to the judge")
    try:
        failures = asyncio.run(judge_run(run, benchmark, problems, judge))
    except EngineUnavailable as error:
        console.print(f"{error}; the run is kept, and the same command asks again", markup=False)
        return False
    if failures:
        console.print(unjudged(failures), markup=False)
    return not failures
