"""A run with the cost of every answer, and two runs on the problems of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.analysis.comparison.cost import Costing, costs_of
from s1m.analysis.run.grid import Grid, grid_of, name_of
from s1m.analysis.run.summary import Summary
from s1m.errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s1m.evaluate.store import Run


@dataclass(frozen=True, kw_only=True)
class CostedRun:
    """A run with the cost of every answer and whether it is right: means over the samples of a problem."""

    label: str
    summary: Summary
    names: tuple[tuple[str, str], ...]
    """Id and question of each problem."""
    grid: Grid
    costs: NDArray[np.float64]
    """Of shape (problems, levels)."""
    correct: NDArray[np.float64]
    """Of shape (problems, levels)."""


def costed_run(run: Run, summary: Summary, label: str, costing: Costing) -> CostedRun:
    """A run with the costs of its answers.

    Raises ``UsageError`` without records and ``DataError`` for a repeated problem.
    """
    import numpy as np

    records = sorted(run.records, key=lambda record: record.key)
    if not records:
        raise UsageError(f"{run.folder} has no records yet; re-run its command to resume, or leave the run out")
    if len({(name_of(record), record.sample) for record in records}) < len(records):
        raise DataError(f"{run.folder} has more than one record of a problem; leave the run out")
    grid = grid_of(records)
    costs = grid.by_problem(np.array(costs_of(run, records, costing), dtype=np.float64))
    correct = grid.by_problem(grid.correct)
    names = tuple(dict.fromkeys(map(name_of, records)))
    return CostedRun(label=label, summary=summary, names=names, grid=grid, costs=costs, correct=correct)


def shared_rows(first: CostedRun, second: CostedRun) -> tuple[Sequence[int], Sequence[int]]:
    """The rows of the problems that both runs have, in the order of the first; empty where there is none."""
    rows = {name: row for row, name in enumerate(second.names)}
    both = [(row, rows[name]) for row, name in enumerate(first.names) if name in rows]
    return [row for row, _ in both], [row for _, row in both]
