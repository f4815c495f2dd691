"""A run of a benchmark from start to end: the pending problems first, then the judge's part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from rich.console import Console

from s1m.benchmarks import find_benchmark
from s1m.engines.builder import EngineSettings
from s1m.engines.by_name.servers import Http
from s1m.engines.remote import Patience
from s1m.errors import DataError, EngineUnavailable, UsageError
from s1m.evaluate.build import build_engine, check_budget, choose_chains, make_ready, name_dial, name_model, resolve
from s1m.evaluate.chosen import Chosen
from s1m.evaluate.family import chosen_for
from s1m.evaluate.fitting import fitted_budget
from s1m.evaluate.judging import judge_run, unread_of
from s1m.evaluate.policy_use import check_policy
from s1m.evaluate.progress import RunProgress
from s1m.evaluate.provenance import Provenance, changes, is_new, provenance_of
from s1m.evaluate.runner import Progress, Runner
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.settings.parts import ProblemSettings
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.files.printing import Printer
from s1m.judge import Judge, unjudged
from s1m.types import Benchmark, Problem, Record

LOOKED_AT = 8
"""Problems of which one must have an image where a benchmark needs them; some data sets have a few without."""


@runtime_checkable
class NamesImages(Protocol):
    """A benchmark whose data names image files."""

    def allowing(self, outside: str) -> Benchmark:
        """The same benchmark, whose data may also name files in this folder."""
        ...


class Watcher(Progress, Protocol):
    """Who watches a run beside the line on the terminal, such as a page."""

    def begin(self, settings: EvalSettings, *, total: int, at_once: int) -> None:
        """The run in the folder of the settings is planned, anew or resumed, with ``total`` problems."""
        ...

    def started(self) -> None:
        """The engine is ready, and the pending problems are under way."""
        ...


class Both:
    """The line on the terminal and a watcher as one."""

    def __init__(self, line: RunProgress, watcher: Watcher) -> None:
        self._all = (line, watcher)

    def started(self) -> None:
        for each in self._all:
            each.started()

    def landed(self, record: Record) -> None:
        for each in self._all:
            each.landed(record)

    def failed(self, problem: Problem, error: Exception) -> None:
        for each in self._all:
            each.failed(problem, error)


def run_benchmark(
    settings: EvalSettings,
    finish: Callable[[Run], None],
    *,
    fit_budget: bool = False,
    watcher: Watcher | None = None,
) -> int:
    """``s1m eval``: run the pending problems, then ``finish`` the run; the ``watcher`` sees how it goes on.

    ``fit_budget``: the thinking budget is the default and may be lowered to what the server's context holds. Returns
    the exit code: 1 when problems failed, 130 when interrupted.
    """
    console = Printer(stderr=True)
    benchmark = find_benchmark(settings.problems.benchmark)
    chosen = asyncio.run(_choose(settings, benchmark))
    settings = asyncio.run(choose_chains(asyncio.run(name_dial(chosen.settings))))
    if fit_budget:
        settings = asyncio.run(fitted_budget(settings, settings.engine, settings.budget, console))
    check_policy(settings, settings.strategy, settings.engine)
    problems = load_problems(settings.problems, benchmark)
    store = RunStore(settings)
    try:
        try:
            asyncio.run(run_pending(settings, benchmark, problems, store, console, chosen=chosen, watcher=watcher))
            judged = not settings.judge.judge_base_url or _have_judged(settings, benchmark, problems, console)
            run = load_run(store.folder)
            finish(run)
        except KeyboardInterrupt:
            recorded = f"{len(store.keys)} of {len(problems) * settings.samples} problems recorded"
            console.print(f"\ninterrupted with {recorded}; re-run the command to resume")
            return 130
    finally:
        store.close()
    if run.failed:
        where = f"see {store.folder / 'failures.jsonl'}"
        classes = ", ".join(f"{count} {kind}" for kind, count in sorted(run.failures.items()))
        many = "problem failed and stays" if run.failed == 1 else "problems failed and stay"
        console.print(
            f"{run.failed} {many} pending ({classes}; {where}); re-run the command to try again",
            markup=False,
        )
        return 1
    return 0 if judged else 1


async def _choose(settings: EvalSettings, benchmark: Benchmark) -> Chosen[EvalSettings]:
    """The settings with everything filled in that depends on benchmark, engine and model."""
    named = await name_model(resolve(settings, benchmark))
    return await chosen_for(named, named)


def load_problems(settings: ProblemSettings, benchmark: Benchmark) -> Sequence[Problem]:
    """The problems that the settings ask for.

    Raises ``UsageError`` for an image benchmark whose data has no images, with which a model would be measured blind,
    and ``DataError`` for data without a problem.
    """
    if settings.allow_outside:
        if not isinstance(benchmark, NamesImages):
            raise UsageError(f"--allow-outside is for data that names image files, which {benchmark.name} does not")
        benchmark = benchmark.allowing(settings.allow_outside)
    problems = benchmark.load(split=settings.split, limit=settings.limit, data=settings.data or None)
    if not problems:
        raise DataError(f"{settings.data or benchmark.source} holds no problems; give --data with at least one")
    first = problems[:LOOKED_AT]
    if getattr(benchmark, "needs_images", False) and first and not any(problem.images for problem in first):
        data = settings.data or benchmark.source
        raise UsageError(f"{data} has no images, without which {benchmark.name} cannot be run; give --data with them")
    return problems


async def run_pending(
    settings: EvalSettings,
    benchmark: Benchmark,
    problems: Sequence[Problem],
    store: RunStore,
    console: Console,
    digest: str = "",
    chosen: Chosen[Any] | None = None,
    watcher: Watcher | None = None,
) -> None:
    """Record every problem that has no record yet; ``digest`` names the records where it is not that of ``settings``.

    ``chosen`` says where settings are from that depend on the model at hand; it is said before the first problem.

    Raises ``EngineUnavailable`` when no engine can be used.
    """
    total, at_once = len(problems) * settings.samples, settings.engine.most_in_flight
    with RunProgress(console, total=total, standing=store.standing, at_once=at_once) as line:
        progress = line if watcher is None else Both(line, watcher)
        runner = Runner(settings, benchmark, store, progress, digest)
        pending = runner.pending(problems)
        if watcher is not None:
            watcher.begin(settings, total=total, at_once=at_once)
        if not pending:
            return
        if len(pending) < total:
            console.print(f"resuming: {total - len(pending)} of {total} are recorded")
        engine = build_engine(settings)
        try:
            await make_ready(engine, settings.build_strategy())
            check_budget(settings, engine)
            for notice in chosen.notices if chosen else ():
                console.print(notice, markup=False)
            reasons = dict(chosen.reasons) if chosen else {}
            if how := getattr(engine, "how", ""):
                console.print(how, markup=False)
                reasons["forcing"] = how
            await keep_provenance(settings.engine, benchmark, problems, store, console, reasons)
            progress.started()
            await runner.run(problems, pending, engine)
        finally:
            await engine.close()


async def keep_provenance(
    settings: EngineSettings,
    benchmark: Benchmark,
    problems: Sequence[Problem],
    store: RunStore,
    console: Console,
    reasons: Provenance = MappingProxyType({}),
) -> None:
    """Write down what the run is done with and the ``reasons`` for it, and say what has changed since it began."""
    before = store.provenance
    made = await provenance_of(benchmark, problems, model=settings.model, base_urls=settings.base_url)
    entry = {**made, **reasons}
    for change in changes(entry, before):
        console.print(f"warning: {change}; records made before are kept as they are", style="yellow", markup=False)
    if is_new(entry, before):
        store.add_provenance(entry)


def _have_judged(settings: EvalSettings, benchmark: Benchmark, problems: Sequence[Problem], console: Printer) -> bool:
    """Have a judge read what no rule could of the recorded answers; whether it read all of it."""
    run = load_run(settings.run_folder)
    judge = Judge(
        settings.judge.judge_base_url,
        settings.judge.judge_model,
        max_concurrency=settings.engine.concurrency or Http.default_concurrency,
        patience=Patience(timeout_seconds=settings.engine.timeout_seconds),
    )
    if unread := unread_of(run):
        console.print(f"{len(unread)} answers that no rule could read go to the judge")
    try:
        failures = asyncio.run(judge_run(run, benchmark, problems, judge))
    except EngineUnavailable as error:
        console.print(f"{error}; the run is kept; re-run the command to ask again", markup=False)
        return False
    if failures:
        console.print(unjudged(failures), markup=False)
    return not failures
