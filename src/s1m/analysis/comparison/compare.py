"""Runs side by side: the cost and accuracy of every level, the Pareto front, and paired tests at equal cost.

Two runs are tested against each other once, at the most expensive levels whose costs differ by at most the factor
``NEARLY``: a rule instead of a choice, so that the user cannot pick the level that suits. With more than two runs the
p-values are adjusted for all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from s1m.analysis.comparison.caveats import caveats_of
from s1m.analysis.comparison.cost import Costing, costs_of
from s1m.analysis.comparison.findings import Comparison, PairedTest, Point, RunCurve
from s1m.analysis.run.grid import STOPS, Grid, grid_of
from s1m.analysis.run.plots import run_labels
from s1m.analysis.run.summarize import summarize
from s1m.analysis.run.summary import Summary
from s1m.analysis.statistics.curves import common_range, mean_accuracy, pareto_front
from s1m.analysis.statistics.intervals import (
    estimate_accuracy,
    holm,
    mcnemar_p,
    percentile_interval,
    resampled_means,
    wilson_interval,
)
from s1m.errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s1m.evaluate.store import Run

NEARLY = 1.1
"""Costs within this factor count as equal."""


@dataclass(frozen=True, kw_only=True)
class CostedRun:
    """A run with the cost of every answer: arrays of shape (problems, levels)."""

    label: str
    summary: Summary
    names: tuple[tuple[str, str], ...]
    """Id and question of each problem."""
    grid: Grid
    costs: NDArray[np.float64]


def compare(runs: Sequence[Run], costing: Costing) -> Comparison:
    """The runs on one axis of cost.

    Raises ``UsageError`` for runs of different benchmarks, without records, or whose cost cannot be counted.
    """
    benchmarks = {str(run.settings.get("benchmark", "")) for run in runs}
    if len(benchmarks) != 1:
        raise UsageError(
            f"the runs are of several benchmarks: {', '.join(sorted(benchmarks))}; compare those of one benchmark"
        )
    summaries = [summarize(run) for run in runs]
    costed = [
        costed_run(run, summary, label, costing)
        for run, summary, label in zip(runs, summaries, run_labels(summaries), strict=True)
    ]
    curves = [curve_of(run) for run in costed]
    lines = [[(point.cost, point.accuracy) for point in curve.points] for curve in curves]
    area_range = common_range(lines)
    front = set(pareto_front([point for line in lines for point in line]))
    pairs, apart = paired_tests(costed)
    return Comparison(
        benchmark=benchmarks.pop(),
        unit=costing.unit,
        curves=tuple(
            replace(
                curve,
                points=on_front(curve.points, front, sum(map(len, lines[:number]))),
                area=mean_accuracy(lines[number], *area_range) if area_range else None,
            )
            for number, curve in enumerate(curves)
        ),
        pairs=pairs,
        apart=apart,
        area_range=area_range,
        notes=caveats_of(runs, summaries, costing, in_all=len(set.intersection(*(set(run.names) for run in costed)))),
    )


def costed_run(run: Run, summary: Summary, label: str, costing: Costing) -> CostedRun:
    """A run with the costs of its answers.

    Raises ``UsageError`` without records and ``DataError`` for a repeated problem.
    """
    import numpy as np

    records = sorted(run.records, key=lambda record: record.key)
    if not records:
        raise UsageError(f"{run.folder} has no records yet; re-run its command to resume, or leave the run out")
    names = tuple((record.id, record.question) for record in records)
    if len(set(names)) < len(names):
        raise DataError(f"{run.folder} has more than one record of a problem; leave the run out")
    costs = np.array(costs_of(run, records, costing), dtype=np.float64)
    return CostedRun(label=label, summary=summary, names=names, grid=grid_of(records), costs=costs)


def curve_of(run: CostedRun) -> RunCurve:
    """A run's points and metrics, before it is compared with others."""
    means = resampled_means(run.costs)
    return RunCurve(
        label=run.label,
        strategy=run.summary.strategy,
        axis=run.summary.axis,
        model=run.summary.model,
        engine=run.summary.engine,
        problems=run.summary.problems,
        points=tuple(
            point_of(run, column, None if means is None else means[:, column]) for column in range(len(run.grid.levels))
        ),
        metrics=run.summary.metrics,
        money=run.summary.money,
        area=None,
    )


def point_of(run: CostedRun, column: int, costs: NDArray[np.float64] | None) -> Point:
    """One level of a run; ``costs`` are the resampled means of its cost, of shape (resamples,)."""
    correct = run.grid.correct[:, column]
    closed = run.grid.stops[:, column] == STOPS.index("closed")
    problems, right, right_closed = len(correct), int(correct.sum()), int(correct[closed].sum())
    return Point(
        level=run.grid.levels[column],
        cost=float(run.costs[:, column].mean()),
        cost_ci95=None if costs is None else percentile_interval(costs),
        accuracy=right / problems,
        accuracy_ci95=wilson_interval(right, problems),
        unclosed=problems - int(closed.sum()),
        unclosed_wrong=estimate_accuracy(right_closed, problems),
        unclosed_left_out=estimate_accuracy(right_closed, int(closed.sum())),
        on_front=False,
    )


def on_front(points: Sequence[Point], front: set[int], first: int) -> tuple[Point, ...]:
    """The points, marked where their index, counted from ``first``, is on the front."""
    return tuple(replace(point, on_front=index in front) for index, point in enumerate(points, start=first))


def paired_tests(runs: Sequence[CostedRun]) -> tuple[tuple[PairedTest, ...], tuple[tuple[str, str], ...]]:
    """A test for every two runs with levels of equal cost, and the labels of the pairs without such levels."""
    tests = {(first.label, second.label): paired_test(first, second) for first, second in combinations(runs, 2)}
    pairs = [pair for pair in tests.values() if pair]
    adjusted = holm([pair.mcnemar_p for pair in pairs])
    return (
        tuple(replace(pair, holm_p=p) for pair, p in zip(pairs, adjusted, strict=True)),
        tuple(labels for labels, pair in tests.items() if pair is None),
    )


def paired_test(first: CostedRun, second: CostedRun) -> PairedTest | None:
    """Two runs at their most expensive levels of equal cost, on the problems of both; None without such levels."""
    import numpy as np

    rows = {name: row for row, name in enumerate(second.names)}
    both = [(row, rows[name]) for row, name in enumerate(first.names) if name in rows]
    if not both:
        return None
    first_rows, second_rows = (list(column) for column in zip(*both, strict=True))
    first_costs, second_costs = (
        first.costs[first_rows].mean(axis=0).tolist(),
        second.costs[second_rows].mean(axis=0).tolist(),
    )
    levels = equal_cost(first_costs, second_costs)
    if levels is None:
        return None
    i, j = levels
    change = second.grid.correct[second_rows, j] - first.grid.correct[first_rows, i]
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    means = resampled_means(change[:, np.newaxis])
    return PairedTest(
        one=first.label,
        other=second.label,
        one_level=first.grid.levels[i],
        other_level=second.grid.levels[j],
        one_cost=first_costs[i],
        other_cost=second_costs[j],
        problems=len(both),
        difference=float(change.mean()),
        difference_ci95=None if means is None else percentile_interval(means[:, 0]),
        gained=gained,
        lost=lost,
        mcnemar_p=mcnemar_p(gained, lost),
        holm_p=1.0,
    )


def equal_cost(first: Sequence[float], second: Sequence[float]) -> tuple[int, int] | None:
    """Indices of the most expensive costs that lie within ``NEARLY``; of several such pairs, the closest."""
    near = [
        (min(a, b), -abs(a - b), i, j)
        for i, a in enumerate(first)
        for j, b in enumerate(second)
        if max(a, b) <= NEARLY * min(a, b)
    ]
    if not near:
        return None
    *_, i, j = max(near)
    return i, j
