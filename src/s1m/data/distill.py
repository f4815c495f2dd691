"""``s1m data distill``: long traces from a teacher, of which only those with a right answer are kept.

It is a run like others, of several forced chains a problem, so it is resumed, spread over servers, drawn and replayed
as they are. In its folder stand beside the run:

OUT/descriptions.jsonl   what the images show, where a second model described them
OUT/data/                the rows: parquet in S1-M's columns, then their origin
OUT/rejects.jsonl        the chains that are none, and why
OUT/funnel.json          how many chains became rows, its figure, and what all of it cost
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
from rich.console import Console

from s1m.benchmarks import Page, find_benchmark
from s1m.data.describe import as_text, describe_all
from s1m.data.distill_settings import DistillSettings
from s1m.data.funnel import Refusal, build_funnel, print_funnel
from s1m.data.funnel_plot import write_funnel
from s1m.data.harvest import Harvest, Teacher
from s1m.data.shards import named, write_shards
from s1m.data.trace_row import TraceRow
from s1m.errors import DataError, UsageError
from s1m.evaluate.build import name_model, resolve
from s1m.evaluate.owed import run_owed
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.examples.tokens import TokenCounter
from s1m.types import Problem

DESCRIPTIONS = "descriptions.jsonl"
STAGES = ("answer", "whole", "form", "same")
"""Of the funnel: a right answer, not cut, of a form that can be trained on, and not said before."""


def distill(settings: DistillSettings, *, compose: int, tokenizer: str) -> int:
    """Ask the teacher what is owed, then write the rows. Exit code 1 when problems failed, 130 when interrupted."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    counter = TokenCounter(tokenizer).check()
    page = find_benchmark(settings.benchmark)
    settings = asyncio.run(named_teacher(settings, page))
    problems = page.load(split=settings.split, limit=settings.limit, data=settings.data or None)
    store = RunStore(settings)
    try:
        try:
            asyncio.run(_ask(settings, page, problems, store, console))
        except KeyboardInterrupt:
            done = f"{len(store.keys)} of {len(problems)} problems recorded"
            console.print(f"\ninterrupted with {done}; the same command goes on from there")
            return 130
        run = load_run(store.folder)
        domain = page.breakdowns[0] if page.breakdowns else ""
        teacher = Teacher(settings=settings, domain=domain, licence=page.licence, compose=compose)
        write(run, problems, teacher, counter, console)
    finally:
        store.close()
    missing = len(problems) - len(run.records)
    if missing:
        console.print(f"{missing} problems failed and stay owed; the same command tries them again")
    return 1 if missing else 0


async def named_teacher(settings: DistillSettings, page: Page) -> DistillSettings:
    """The settings with split and model filled in. Raises ``UsageError`` where no training split is there."""
    if not settings.split and "train" not in page.splits:
        raise UsageError(
            f"{page.name} has no split train, only {', '.join(page.splits)}: name one with --split, and mind that a "
            "model that learns from it can no longer be measured on it"
        )
    settings = replace(settings, split=settings.split or "train", out=settings.out or f"runs/distill-{page.name}")
    return await name_model(resolve(settings, page))


async def _ask(
    settings: DistillSettings, page: Page, problems: Sequence[Problem], store: RunStore, console: Console
) -> None:
    """Have every problem done that can be put to the teacher."""
    if settings.describer_engine:
        found = await describe_all(problems, settings, store.folder / DESCRIPTIONS, console)
        problems = [as_text(problem, found) for problem in problems if not problem.images or problem.id in found]
    await run_owed(settings, page, problems, store, console)


def write(run: Run, problems: Sequence[Problem], teacher: Teacher, counter: TokenCounter, console: Console) -> None:
    """Write rows, rejects and funnel of a run. Raises ``DataError`` when there is no row."""
    out = run.folder
    places = {problem.id: place for place, problem in enumerate(problems)}
    refusals: list[Refusal] = []

    def harvested() -> Iterator[Harvest]:
        with named(out), (out / "rejects.jsonl").open("wb") as file:
            for record in run.records:
                found = teacher.harvest(record, problems[places[record.id]])
                for refused in found.refused:
                    refusals.append(refused)
                    line = {"problem": record.id, "filter": refused.filter, "reason": refused.reason}
                    file.write(msgspec.json.encode(line) + b"\n")
                yield found

    composed = 0

    def rows() -> Iterator[TraceRow]:
        nonlocal composed
        for found in harvested():
            composed += len(found.composed)
            for row in (*found.rows, *found.composed):
                yield replace(row, origin={**row.origin, "id": row.id, "tokens": counter(row.response)})

    several = any(len(problem.images) > 1 for problem in problems)
    count = write_shards(rows(), out / "data", several_images=several)
    chains = sum(len(record.trace.chains) for record in run.records)
    funnel = build_funnel(chains, STAGES, refusals, unit="chains")
    assert funnel.kept == count - composed
    write_funnel(funnel, out)
    if not count:
        raise DataError(f"no chain has a right answer; see {out / 'rejects.jsonl'}")
    print_funnel(funnel, Console(highlight=False))
    spent = sum(record.trace.generated_tokens for record in run.records)
    console.print(
        f"rows: {out / 'data'}, {count:,} of {len(run.records):,} problems"
        f"{f', {composed:,} of them composed' if composed else ''}; {spent:,} tokens generated, "
        f"{spent / count:,.0f} a row; why not: {out / 'rejects.jsonl'}"
    )
