"""``s1m import``: files of recorded responses as a run, and how their verdicts agree with s1m's.

A file is a level: one that S1-M published, or whatever ``s1m score`` reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from s1m.analysis.display.formats import UNDEFINED, percent
from s1m.analysis.responses.matching import Problems, check_numbers
from s1m.analysis.responses.score import check_responses, read_responses
from s1m.analysis.run.results import write_results
from s1m.benchmarks import find_benchmark
from s1m.benchmarks.reading.rows import without_images
from s1m.datasets.tokens import ESTIMATED
from s1m.errors import UsageError
from s1m.evaluate.imported import Level, Recorded, is_published, levels_of, read_level, records_of, token_counter
from s1m.evaluate.provenance import Provenance, made_here
from s1m.evaluate.settings import ImportSettings
from s1m.evaluate.store import RunStore, load_run
from s1m.families import DEFAULT, Delimiters, as_default
from s1m.families.thinking import delimiters_in
from s1m.files.printing import Printer
from s1m.files.settings import to_toml
from s1m.types import Benchmark, Problem, Record


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
    delimiters: Delimiters | None = None,
) -> int:
    """Write the run folder of result files, print how the verdicts agree; the exit code.

    ``delimiters`` are those of the responses' thinking, where they are not those of a known family. Raises
    ``UsageError`` where ``out`` is not empty.
    """
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; an import needs a new run folder: choose another --out")
    benchmark = find_benchmark(benchmark_name)
    split = split or benchmark.splits[0]
    by_level = sorted(zip(levels_of(files, num_ignore), files, strict=True))
    count = token_counter(tokenizer)
    # Texts only: results come without pictures.
    problems = without_images(benchmark.load(split=split, limit=None, data=data or None))
    console = Printer(stderr=True)
    levels = [_read(path, level, problems, benchmark, delimiters, console) for level, path in by_level]
    settings = ImportSettings(
        benchmark=benchmark.name,
        split=split,
        model=model or files[0].stem,
        num_ignore=tuple(level for level, _ in by_level),
        sources=tuple(path.name for _, path in by_level),
        tokens=f"counted by {tokenizer}" if tokenizer else ESTIMATED,
        out=str(out),
        samples=max(len(samples) for level in levels for samples in level.responses.values()),
    )
    digest = to_toml(replace(settings, out="", samples=1))
    records = records_of(levels, problems, benchmark, count, digest)
    _write_run(settings, records, made_here(benchmark, problems))
    _print_agreement(levels, records, of=len(problems))
    return 0


def _read(
    path: Path,
    level: int,
    problems: Sequence[Problem],
    benchmark: Benchmark,
    delimiters: Delimiters | None,
    console: Printer,
) -> Level:
    """The responses of a file. What the recording run failed at is left out, and said on the ``console``."""
    if path.is_file() and not is_published(path):
        check_responses(path)
        matched = Problems(problems)
        check_numbers(path, read_responses(path), matched, benchmark.name)
        responses: dict[str, list[Recorded]] = {}
        failed = 0
        for each in read_responses(path):
            problem = matched.of(each, path, benchmark.name)
            if each.response is None:
                failed += 1
                continue
            text = _in_default(each.response, each.thinking, delimiters)
            recorded = Recorded(response=text, extraction=each.extraction, right=each.right)
            responses.setdefault(problem.id, []).append(recorded)
        if failed:
            total = failed + sum(map(len, responses.values()))
            why = "are errors of the recording run, and left out"
            console.print(f"{path}: {failed:,} of {total:,} responses {why}", markup=False)
        return Level(num_ignore=level, path=path, accuracy=_accuracy(responses), responses=responses)
    return read_level(path, level, problems)


def _in_default(response: str, thinking: str, delimiters: Delimiters | None) -> str:
    """A response with its thinking between ``DEFAULT``'s delimiters."""
    if thinking:
        return f"{DEFAULT.opening}{thinking}{DEFAULT.closing}{response}"
    used = delimiters or delimiters_in(response)
    return as_default(response, used) if used else response


def _accuracy(responses: dict[str, list[Recorded]]) -> float | None:
    """The mean over problems of the recorded verdicts; None unless every response has one."""
    verdicts = [[each.right for each in samples] for samples in responses.values()]
    if any(verdict is None for samples in verdicts for verdict in samples):
        return None
    return sum(sum(map(bool, samples)) / len(samples) for samples in verdicts) / len(verdicts)


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
        table.add_column(name, justify="right", overflow="fold")
    for index, level in enumerate(levels):
        verdicts = [record.verdicts[index] for record in records]
        official = [verdict.official for verdict in verdicts if verdict.official is not None]
        same, both = level.agreeing(records, index)
        table.add_row(
            str(level.num_ignore),
            percent(level.accuracy),
            percent(sum(official) / len(official) if official else None),
            percent(sum(verdict.correct for verdict in verdicts) / len(records)),
            f"{same:,} of {both:,}" if both else UNDEFINED,
        )
    problems = len({record.id for record in records})
    samples = f", {len(records):,} responses a level" if len(records) > problems else ""
    console.print(f"{problems:,} of {of:,} problems{samples}; recorded by the files, official and strict by s1m:")
    console.print(table)
