"""``s1m import``: result files of other harnesses as a run, and how their verdicts agree with s1m's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from s1m.analysis.display.formats import percent
from s1m.analysis.run.results import write_results
from s1m.benchmarks import find_benchmark
from s1m.datasets.tokens import ESTIMATED
from s1m.errors import UsageError
from s1m.evaluate.imported import Level, levels_of, read_level, records_of, token_counter
from s1m.evaluate.provenance import Provenance, made_here
from s1m.evaluate.settings import ImportSettings
from s1m.evaluate.store import RunStore, load_run
from s1m.files.printing import Printer
from s1m.files.settings import to_toml
from s1m.types import Record


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
    """Write the run folder of result files, print how the verdicts agree; the exit code.

    Raises ``UsageError`` where ``out`` is not empty.
    """
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; an import needs a new run folder: choose another --out")
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
    _write_run(settings, records, made_here(benchmark, problems))
    _print_agreement(levels, records, of=len(problems))
    return 0


def _write_run(settings: ImportSettings, records: Sequence[Record], provenance: Provenance) -> None:
    store = RunStore(settings)
    try:
        for record in records:
            store.add(record)
        store.add_provenance(provenance)
        write_results(load_run(store.folder))
    finally:
        store.close()


def _print_agreement(levels: Sequence[Level], records: Sequence[Record], of: int) -> None:
    """Print the accuracies that the files state beside s1m's, and how often the official verdicts agree."""
    console = Printer(soft_wrap=False)
    table = Table(header_style="bold", box=None, pad_edge=False)
    for name in ("ignored", "recorded", "official", "strict", "same verdicts"):
        table.add_column(name, justify="right", no_wrap=True)
    for index, level in enumerate(levels):
        verdicts = [record.verdicts[index] for record in records]
        table.add_row(
            str(level.num_ignore),
            percent(level.accuracy),
            percent(sum(verdict.official is True for verdict in verdicts) / len(records)),
            percent(sum(verdict.correct for verdict in verdicts) / len(records)),
            f"{level.agreeing(records, index):,} of {len(records):,}",
        )
    console.print(f"{len(records):,} of {of:,} problems; recorded by the files, official and strict by s1m:")
    console.print(table)
