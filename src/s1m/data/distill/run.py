"""``s1m data distill``: long traces from a teacher, of which only those with a right answer are kept.

It is a run like others, of several forced chains a problem, so it is resumed, spread over servers, drawn and replayed
as they are. In its folder stand beside the run:

OUT/descriptions.jsonl   what the images show, where a second model described them
OUT/data/                the rows: parquet in S1-M's columns, then their origin
OUT/rejects.jsonl        the chains that became no row, and why
OUT/funnel.json          how many chains became rows, its figure, and what all of it cost
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.console import Console

from s1m.benchmarks import Page, find_benchmark
from s1m.benchmarks.reading.rows import without_images
from s1m.data.distill.describe import as_text, describe_all
from s1m.data.distill.harvest import Teacher
from s1m.data.distill.settings import DistillSettings
from s1m.data.funnel import Refusal, build_funnel, print_funnel
from s1m.data.funnel_plot import write_funnel
from s1m.data.shards import write_shards
from s1m.data.trace_row import TraceRow
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError, UsageError
from s1m.evaluate.benchmark import load_problems, run_pending
from s1m.evaluate.build import model_of
from s1m.evaluate.chosen import Chosen
from s1m.evaluate.family import chosen_for
from s1m.evaluate.fitting import fitted_budget
from s1m.evaluate.store import RunStore, read_records
from s1m.files.json_lines import encode_line
from s1m.files.printing import Printer
from s1m.files.progress import counted
from s1m.files.settings import changed
from s1m.files.writing import writing
from s1m.types import Problem

DESCRIPTIONS = "descriptions.jsonl"
STAGES = ("answer", "whole", "form", "same")
"""Of the funnel: a right answer, not cut, of a form that can be trained on, and not said before."""


def distill(settings: DistillSettings, *, compose: int, tokenizer: str, fit_budget: bool = False) -> int:
    """Run the pending problems, then write the rows. Exit code 1 when problems failed, 130 when interrupted.

    ``fit_budget``: the thinking budget is the default and may be lowered to what the server's context holds.
    """
    console = Printer(stderr=True)
    counter = TokenCounter(tokenizer).check()
    page = find_benchmark(settings.problems.benchmark)
    chosen = asyncio.run(_choose(settings, page))
    settings = chosen.settings
    if fit_budget:
        settings = asyncio.run(fitted_budget(settings, settings.engine, settings.budget, console))
        chosen = replace(chosen, settings=settings)
    problems = load_problems(settings.problems, page)
    store = RunStore(settings)
    try:
        try:
            asyncio.run(_ask(chosen, page, problems, store, console))
        except KeyboardInterrupt:
            done = f"{len(store.keys)} of {len(problems)} problems recorded"
            console.print(f"\ninterrupted with {done}; re-run the command to resume")
            return 130
        domain = page.breakdowns[0] if page.breakdowns else ""
        teacher = Teacher(settings=settings.run, domain=domain, licence=page.licence, compose=compose)
        write(store.folder, problems, teacher, counter, console)
    finally:
        store.close()
    missing = len(problems) - len(store.keys)
    if missing:
        console.print(f"{missing} problems failed and stay pending; re-run the command to try them again")
    return 1 if missing else 0


async def named_teacher(settings: DistillSettings, page: Page) -> DistillSettings:
    """The settings with split and model filled in. Raises ``UsageError`` where no training split is there."""
    if not settings.problems.split and "train" not in page.splits:
        raise UsageError(
            f"{page.name} has no split train, only {', '.join(page.splits)}: name one with --split, and mind that a "
            "model that learns from it can no longer be measured on it"
        )
    engine = replace(settings.engine, model=settings.engine.model or settings.engine.builder.default_model)
    return changed(
        settings,
        split=settings.problems.split or "train",
        model=await model_of(engine),
        out=str(settings.run_folder),
    )


async def _choose(settings: DistillSettings, page: Page) -> Chosen[DistillSettings]:
    """The settings with everything filled in that depends on benchmark, engine and teacher."""
    named = await named_teacher(settings, page)
    return await chosen_for(named, named.run)


async def _ask(
    chosen: Chosen[DistillSettings], page: Page, problems: Sequence[Problem], store: RunStore, console: Console
) -> None:
    """Run every problem that the teacher can be asked."""
    settings = chosen.settings
    if settings.describer.describer_engine:
        described = await describe_all(problems, settings, store.folder / DESCRIPTIONS, console)
        spent = sum(description.tokens for description in described.values())
        console.print(f"{len(described):,} descriptions of images, {spent:,} tokens")
        problems = [
            as_text(problem, described) for problem in problems if not problem.images or problem.id in described
        ]
    await run_pending(settings.run, page, problems, store, console, settings.digest(), chosen)


@dataclass
class Tally:
    """Counts over the records of a run so far."""

    problems: int = 0
    chains: int = 0
    tokens: int = 0
    """Generated by the teacher, for all chains."""
    composed: int = 0
    refused: list[Refusal] = field(default_factory=list)


def write(run: Path, problems: Sequence[Problem], teacher: Teacher, counter: TokenCounter, console: Console) -> None:
    """Write rows, rejects and funnel of a run. Raises ``DataError`` when no chain became a row."""
    tally = Tally()
    several = any(len(problem.images) > 1 for problem in problems)
    with counted(console, "harvesting problems", len(problems)) as advance:
        rows = _rows(run, problems, teacher, counter, tally, advance)
        count = write_shards(rows, run / "data", several_images=several)
    funnel = build_funnel(tally.chains, STAGES, tally.refused, unit="chains")
    assert funnel.kept == count - tally.composed
    write_funnel(funnel, run)
    if not count:
        raise DataError(f"no chain has a right answer; see {run / 'rejects.jsonl'}")
    print_funnel(funnel, Printer(soft_wrap=False))
    console.print(
        f"{count:,} rows{f', {tally.composed:,} of them composed' if tally.composed else ''}, from "
        f"{tally.problems:,} problems: {run / 'data'}; {tally.tokens:,} tokens generated, "
        f"{tally.tokens / count:,.0f} a row; why not: {run / 'rejects.jsonl'}"
    )


def _rows(
    run: Path,
    problems: Sequence[Problem],
    teacher: Teacher,
    counter: TokenCounter,
    tally: Tally,
    advance: Callable[[int], None],
) -> Iterator[TraceRow]:
    """The rows of a run, one record in memory at a time; chains that become none are written to the rejects."""
    numbers = {problem.id: number for number, problem in enumerate(without_images(problems))}
    with writing(run / "rejects.jsonl") as file:
        for record in read_records(run):
            advance(1)
            harvest = teacher.harvest(record, problems[numbers[record.id]])
            tally.problems += 1
            tally.chains += len(record.trace.chains)
            tally.tokens += record.trace.generated_tokens
            tally.composed += len(harvest.composed)
            tally.refused += harvest.refused
            for refused in harvest.refused:
                line = {"problem": record.id, "filter": refused.filter, "reason": refused.reason}
                file.write(encode_line(line))
            for row in (*harvest.rows, *harvest.composed):
                yield replace(row, origin={**row.origin, "id": row.id, "tokens": counter(row.response)})
