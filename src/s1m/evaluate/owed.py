"""Doing what is pending of a run, start to end: engine built and closed, provenance kept, progress shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from s1m.evaluate.build import build_engine, check_budget
from s1m.evaluate.progress import RunProgress
from s1m.evaluate.provenance import changes, is_new, provenance_of
from s1m.evaluate.runner import Runner
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.store import RunStore
from s1m.types import Benchmark, Problem


async def run_owed(
    settings: EvalSettings, benchmark: Benchmark, problems: Sequence[Problem], store: RunStore, console: Console
) -> None:
    """Record every problem that has no record yet. Raises ``EngineUnavailable`` when no engine can be used."""
    with RunProgress(console, total=len(problems), standing=store.standing) as progress:
        runner = Runner(settings, benchmark, store, progress)
        owed = runner.owed(problems)
        if not owed:
            return
        if len(owed) < len(problems):
            console.print(f"resuming: {len(problems) - len(owed)} of {len(problems)} are recorded")
        engine = build_engine(settings)
        try:
            await engine.ready()
            check_budget(settings, engine)
            await keep_provenance(settings, benchmark, problems, store, console)
            await runner.run(problems, owed, engine)
        finally:
            await engine.close()


async def keep_provenance(
    settings: EvalSettings, benchmark: Benchmark, problems: Sequence[Problem], store: RunStore, console: Console
) -> None:
    """Write down what the run is done with, and say what has changed since it began."""
    before = store.provenance
    entry = await provenance_of(benchmark, problems, model=settings.model, base_urls=settings.base_url)
    for change in changes(entry, before):
        console.print(f"warning: {change}; records made before are kept as they are", style="yellow", markup=False)
    if is_new(entry, before):
        store.add_provenance(entry)
