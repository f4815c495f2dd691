"""What filters need before the first row: the rows, an index of benchmarks, and what small models solved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from s1m.benchmarks import find_benchmark
from s1m.data.contamination import ContaminationIndex
from s1m.data.curate.filters.answers import Solved
from s1m.data.curate.inspect import Inspector, row_filters
from s1m.data.curate.settings import CurateSettings, Target
from s1m.datasets.example import Unusable
from s1m.datasets.source import DEFAULT_SEED
from s1m.datasets.sources import Examples, load_examples
from s1m.errors import S1mError
from s1m.evaluate.store import load_run
from s1m.files import run_folder
from s1m.types import Problem

MOST_BACKGROUND = 20_000
"""Questions of the rows themselves, from which common wordings are learned."""


def prepare(settings: CurateSettings, out: Path, console: Console) -> Inspector:
    """What inspects rows, with all that it needs on disk. Raises as ``load_examples`` and ``build_index`` do."""
    index = out / "index.npz"
    try:
        # The seed of the settings is for the choice; it must not change the rows to choose from.
        examples = load_examples(settings.data, seed=DEFAULT_SEED, delimiters=settings.delimiters)
        solved = {run: solved_in(Path(run)) for run in settings.solved_by}
        if "contamination" in settings.filters and not index.exists():
            _save_index(settings, examples, index, console)
    except S1mError:
        if not (out / "findings.jsonl").exists():  # a failed start must not tie the folder to its settings
            index.unlink(missing_ok=True)
            (out / run_folder.SETTINGS).unlink()
        raise
    return Inspector(examples=examples, filters=row_filters(settings, index, solved), settings=settings)


def _save_index(settings: CurateSettings, examples: Examples, index: Path, console: Console) -> None:
    build_index(settings.target, examples, console).save(index)


def build_index(targets: Sequence[Target], examples: Examples, console: Console) -> ContaminationIndex:
    """The index of some benchmarks. Raises ``UsageError`` or ``DataError`` for one that cannot be loaded."""
    problems: dict[str, Sequence[Problem]] = {}
    for target in targets:
        page = find_benchmark(target.benchmark)
        split = target.split or page.splits[0]
        problems[f"{page.name} {split}"] = page.load(split=split, limit=None, data=target.data or None)
        console.print(
            f"decontaminating against {page.name} {split}: {len(problems[f'{page.name} {split}']):,} problems"
        )
    return ContaminationIndex.build(problems, background=_questions(examples))


def _questions(examples: Examples) -> Iterator[str]:
    """The questions of rows at even distances."""
    for number in range(0, len(examples), max(1, len(examples) // MOST_BACKGROUND)):
        try:
            outline = examples.outline(number)
        except Unusable:
            continue
        yield "\n".join(turn.text for turn in outline.turns if turn.role == "user")


def solved_in(run: Path) -> dict[str, Solved]:
    """The attempts of a run at each of its problems: its samples where it has some, else its answers at every level.

    Raises ``UsageError`` for a folder that is not a run.
    """
    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for record in load_run(run).records:
        verdicts = record.sample_verdicts or record.verdicts
        right[record.id] += sum(verdict.correct for verdict in verdicts)
        of[record.id] += len(verdicts)
    return {problem: Solved(right=right[problem], of=of[problem]) for problem in of}
