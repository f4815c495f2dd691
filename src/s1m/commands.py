"""What the verbs do: assemble benchmark, engine, store and analysis, and tell the user how it went."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from s1m.analysis import print_table, save_figures, summarize, summary_json, write_report
from s1m.analysis.wording import percent
from s1m.benchmarks import BENCHMARKS, Page, find_benchmark, where_is_data
from s1m.config import ESTIMATED, SERVER_CONCURRENCY, EvalSettings, ImportSettings, to_toml
from s1m.engines.remote import Patience
from s1m.errors import DataError, EngineUnavailable, UsageError
from s1m.evaluate.build import name_model, resolve
from s1m.evaluate.imported import Level, levels_of, read_level, records_of, token_counter
from s1m.evaluate.judging import judge_run, unread_of
from s1m.evaluate.owed import run_owed
from s1m.evaluate.replay import replay_settings, replayed
from s1m.evaluate.store import Run, RunStore, load_run
from s1m.forcing import Task, drive
from s1m.judge import Judge, unjudged
from s1m.types import Benchmark, Engine, Problem, Record, Step


def run_benchmark(settings: EvalSettings) -> int:
    """``s1m eval``: run what is owed, then draw the run. Exit code 1 when problems failed, 130 when interrupted."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
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


def _have_judged(settings: EvalSettings, benchmark: Benchmark, problems: Sequence[Problem], console: Console) -> bool:
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


def finish(run: Run) -> None:
    """Write summary, figures and report into the run folder, and print the table."""
    console = Console()
    summary = summarize(run)
    try:
        _write_json(run.folder / "summary.json", summary_json(summary))
        save_figures([summary], run.folder / "figures")
        write_report([run], run.folder / "report.html")
    except OSError as error:
        raise DataError(f"cannot write to {run.folder}: {error.strerror}; every record is kept") from None
    print_table(summary, console)
    console.print(f"report: {run.folder / 'report.html'}", highlight=False, soft_wrap=True)


def show_plan(settings: EvalSettings) -> int:
    """``s1m eval --dry-run``: the settings, what the run would cost at most, and the requests of one problem."""
    from s1m.engines.scripted import ScriptedEngine

    benchmark = find_benchmark(settings.benchmark)
    settings = resolve(settings, benchmark)
    problems = load_problems(settings, benchmark)
    if not problems:
        raise UsageError(f"{settings.benchmark} has no problems with these settings")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(to_toml(settings))
    strategy = settings.build_strategy()
    chains, answers = strategy.most_chains, strategy.most_answers
    most = len(problems) * (chains * settings.max_thinking_tokens + answers * settings.max_answer_tokens)
    each = f"{chains} chain{'s' * (chains > 1)} and {answers} answers"
    console.print(f"levels are {strategy.axis}: {', '.join(map(str, strategy.levels))}")
    console.print(f"{len(problems)} problems, each {each}, at most {most:,} tokens in all")
    console.print(f"would be kept in {settings.run_folder}; nothing was asked or written\n")
    asked: list[str] = []

    def script(_problem: Problem, step: Step) -> str:
        asked.append("".join(piece.text for piece in step.prefix))
        return f"(thinking){settings.thinking_close}" if step.stop else "(answer)"

    engine: Engine = ScriptedEngine(script)
    flow = strategy.flow(Task(seed=settings.seed))
    asyncio.run(drive(flow, problems[0], engine, settings.sampling()))
    console.print(f"requests for {problems[0].id} ({len(problems[0].images)} images): {problems[0].question}")
    for number, text in enumerate(asked, start=1):
        console.print(f"  {number}. go on from: {text!r}")
    return 0


def draw_report(folders: Sequence[Path], out: str, *, as_json: bool) -> int:
    """``s1m report``: one page from one run or several."""
    runs = [load_run(folder) for folder in folders]
    summaries = [summarize(run) for run in runs]
    console = Console(stderr=as_json)  # so that the JSON stands alone on standard output
    for summary in summaries:
        print_table(summary, console)
    if as_json:
        print(json.dumps([summary_json(summary) for summary in summaries], indent=2))
    path = Path(out) if out else folders[0] / "report.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_report(runs, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None
    console.print(f"report: {path}", highlight=False, soft_wrap=True)
    return 0


def import_results(
    benchmark_name: str,
    files: Sequence[Path],
    *,
    out: Path,
    model: str,
    num_ignore: str,
    tokenizer: str,
    data: str,
    split: str,
) -> int:
    """``s1m import``: result files that others published as a run, and how their verdicts compare with ours."""
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; an import makes a run folder of its own: choose another --out")
    benchmark = find_benchmark(benchmark_name)
    split = split or benchmark.splits[0]
    by_level = sorted(zip(levels_of(files, num_ignore), files, strict=True))
    count = token_counter(tokenizer)
    # Texts only: results come without pictures.
    problems = [replace(each, images=()) for each in benchmark.load(split=split, limit=None, data=data or None)]
    levels = [read_level(path, level, problems) for level, path in by_level]
    settings = ImportSettings(
        benchmark=benchmark.name,
        split=split,
        model=model or files[0].stem,
        num_ignore=tuple(level for level, _ in by_level),
        sources=tuple(path.name for _, path in by_level),
        tokens=f"counted by {tokenizer}" if tokenizer else ESTIMATED,
        out=str(out),
    )
    records = records_of(levels, problems, benchmark, count, to_toml(replace(settings, out="")))
    store = RunStore(settings)
    try:
        for record in records:
            store.add(record)
        finish(load_run(store.folder))
    finally:
        store.close()
    _print_agreement(levels, records, of=len(problems))
    return 0


def replay_run(folder: Path, given: Mapping[str, Any]) -> int:
    """``s1m replay``: what another strategy would have made of a run, as a run."""
    source = load_run(folder)
    settings = replay_settings(source, given)
    out = settings.run_folder
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; a replay makes a run folder of its own: choose another --out")
    strategy = settings.build_strategy()
    records = [replayed(record, strategy) for record in source.records]
    store = RunStore(settings)
    try:
        for record in records:
            store.add(record)
        if (folder / "thumbnails").is_dir():
            shutil.copytree(folder / "thumbnails", out / "thumbnails")
        finish(load_run(store.folder))
    finally:
        store.close()
    return 0


def _print_agreement(levels: Sequence[Level], records: Sequence[Record], of: int) -> None:
    """The accuracies that files state beside ours, and how often the official verdicts are the same."""
    console = Console(highlight=False)
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in ("ignored", "recorded", "official", "strict", "same verdicts"):
        table.add_column(name, justify="right", no_wrap=True)
    for place, level in enumerate(levels):
        verdicts = [record.verdicts[place] for record in records]
        table.add_row(
            str(level.num_ignore),
            percent(level.accuracy),
            percent(sum(verdict.official is True for verdict in verdicts) / len(records)),
            percent(sum(verdict.correct for verdict in verdicts) / len(records)),
            f"{level.same(records, place):,} of {len(records):,}",
        )
    console.print(f"{len(records):,} of {of:,} problems; recorded by the files, official and strict by s1m:")
    console.print(table)


def list_benchmarks() -> int:
    """``s1m benchmarks``: what can be run, and whether its data is on this machine; a paragraph each."""
    console = Console(highlight=False, markup=False)
    for page in BENCHMARKS.values():
        console.print(f"{page.name}  {page.title}", style="bold")
        facts = Table.grid(padding=(0, 2))
        for name, value in (
            ("problems", _sizes(page)),
            ("scored", page.scoring),
            ("licence", page.licence),
            ("source", page.source),
            ("data", where_is_data(page)),
        ):
            facts.add_row(f"  {name}", Text(value))
        console.print(facts, "")
    return 0


def _sizes(page: Page) -> str:
    """A benchmark's splits and how many problems each has; alike ones together."""
    sizes = [(split, f"{page.sizes[split]:,}" if split in page.sizes else "") for split in page.splits]
    lines = []
    for size, alike in groupby(sizes, key=lambda pair: pair[1]):
        splits = [split for split, _ in alike]
        first = splits if len(splits) < 4 else [f"{splits[0]} ... {splits[-1]}"]
        lines += [f"{split} {size}".strip() for split in first]
    return ", ".join(lines)


def _write_json(path: Path, value: object) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
