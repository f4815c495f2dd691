"""The filter on what stands in a benchmark, and the index that it looks in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from s1m.data.curate.filters import Filter
from s1m.data.trace_row import TraceRow
from s1m.datasets.example import Unusable

if TYPE_CHECKING:
    from rich.console import Console

    from s1m.data.contamination import ContaminationIndex
    from s1m.data.curate.filter_settings import FilterSettings, Target
    from s1m.datasets.sources import Examples
    from s1m.types import Problem

INDEX = "index.npz"
MOST_BACKGROUND = 20_000
"""Questions of the rows themselves from which is learned which wordings are common to all of them."""


@dataclass(frozen=True, kw_only=True)
class Contamination(Filter):
    """Leaves out what stands in a benchmark. The index is read once a process."""

    name: ClassVar[str] = "contamination"
    order: ClassVar[int] = 70
    own_settings: ClassVar[tuple[str, ...]] = ("target",)
    needs: ClassVar[str] = "target"
    needs_help: ClassVar[str] = "a benchmark: add a [[target]] table with benchmark = NAME"

    index: Path

    @classmethod
    def prepare(cls, settings: FilterSettings, examples: Examples, folder: Path, console: Console) -> None:
        path = folder / INDEX
        if not path.exists():
            build_index(settings.target, _questions(examples), console).save(path)

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(index=folder / INDEX)

    def refuses(self, row: TraceRow) -> str | None:
        match = _index(self.index).check(row.prompt.replace("<image>", " "), row.images)
        return f"{match.kind}: {match.benchmark} {match.problem}, {match.detail}" if match else None


@cache
def _index(path: Path) -> ContaminationIndex:
    from s1m.data.contamination import ContaminationIndex

    return ContaminationIndex.load(path)


def build_index(targets: Sequence[Target], background: Iterable[str], console: Console) -> ContaminationIndex:
    """The index of some benchmarks. Raises ``UsageError`` or ``DataError`` for one that cannot be had.

    ``background`` are questions of the rows themselves: wordings that are common to all of them prove nothing.
    """
    from s1m.benchmarks import find_benchmark
    from s1m.data.contamination import ContaminationIndex

    problems: dict[str, Sequence[Problem]] = {}
    for target in targets:
        page = find_benchmark(target.benchmark)
        split = target.split or page.splits[0]
        problems[f"{page.name} {split}"] = page.load(split=split, limit=None, data=target.data or None)
        console.print(
            f"decontaminating against {page.name} {split}: {len(problems[f'{page.name} {split}']):,} problems"
        )
    return ContaminationIndex.build(problems, background=background)


def _questions(examples: Examples) -> Iterator[str]:
    """The questions of rows that lie evenly over all of them."""
    for number in range(0, len(examples), max(1, len(examples) // MOST_BACKGROUND)):
        try:
            outline = examples.outline(number)
        except Unusable:
            continue
        yield "\n".join(turn.text for turn in outline.turns if turn.role == "user")
