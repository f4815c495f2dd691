"""The benchmarks that nothing may be taken from, as an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from s1m.benchmarks import find_benchmark
from s1m.data.contamination import ContaminationIndex
from s1m.data.curate.settings import Target
from s1m.datasets.example import Unusable
from s1m.datasets.sources import Examples
from s1m.types import Problem

MOST_BACKGROUND = 20_000
"""Questions of the rows themselves from which is learned which wordings are everyone's."""


def build_index(targets: Sequence[Target], examples: Examples, console: Console) -> ContaminationIndex:
    """The index of some benchmarks. Raises ``UsageError`` or ``DataError`` for one that cannot be had."""
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
    """The questions of rows that lie evenly over all of them."""
    for number in range(0, len(examples), max(1, len(examples) // MOST_BACKGROUND)):
        try:
            outline = examples.outline(number)
        except Unusable:
            continue
        yield "\n".join(turn.text for turn in outline.turns if turn.role == "user")
