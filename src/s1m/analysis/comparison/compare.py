"""Strategies side by side: what each level of each run cost and was worth, and which differences are more than luck.

Two runs are tested against each other once, at the dearest levels whose costs differ by at most ``NEARLY``, so that
nobody chooses where; with more than two runs the p-values are adjusted for all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from s1m.analysis.comparison.cost import Costing, costs_of
from s1m.analysis.comparison.notes import notes_on
from s1m.analysis.comparison.result import Comparison, Pair, Point, RunCurve, Share
from s1m.analysis.run.measure import STOPS, Grid, grid_of, summarize
from s1m.analysis.run.plots import run_labels
from s1m.analysis.run.summary import Summary
from s1m.analysis.statistics.curves import common_range, mean_accuracy, pareto_front
from s1m.analysis.statistics.intervals import holm, mcnemar_p, percentile_interval, resampled_means, wilson_interval
from s1m.errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s1m.evaluate.store import Run

NEARLY = 1.1
"""Costs within this factor are nearly equal."""


@dataclass(frozen=True, kw_only=True)
class Costed:
    """A run as arrays of shape (problems, levels), its problems by name."""

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
        raise UsageError(f"only runs of one benchmark can be compared, not of {', '.join(sorted(benchmarks))}")
    summaries = [summarize(run) for run in runs]
    costed = [
        costed_run(run, summary, label, costing)
        for run, summary, label in zip(runs, summaries, run_labels(summaries), strict=True)
    ]
    curves = [curve_of(each) for each in costed]
    lines = [[(point.cost, point.accuracy) for point in curve.points] for curve in curves]
    area_range = common_range(lines)
    front = set(pareto_front([point for line in lines for point in line]))
    pairs, apart = tests_between(costed)
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
        notes=notes_on(runs, summaries, costing, shared=len(set.intersection(*(set(each.names) for each in costed)))),
    )


def costed_run(run: Run, summary: Summary, label: str, costing: Costing) -> Costed:
    """A run with the costs of its answers. Raises ``UsageError`` without records, ``DataError`` for a problem twice."""
    import numpy as np

    records = sorted(run.records, key=lambda record: record.key)
    if not records:
        raise UsageError(f"{run.folder} has no records yet, so there is nothing to compare")
    names = tuple((record.id, record.question) for record in records)
    if len(set(names)) < len(names):
        raise DataError(f"{run.folder} has a problem twice")
    costs = np.array(costs_of(run, records, costing), dtype=np.float64)
    return Costed(label=label, summary=summary, names=names, grid=grid_of(records), costs=costs)


def curve_of(run: Costed) -> RunCurve:
    """A run's points and metrics, nothing yet said of others."""
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
        area=None,
    )


def point_of(run: Costed, column: int, costs: NDArray[np.float64] | None) -> Point:
    """A level of a run; ``costs`` are resampled means."""
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
        unclosed_wrong=share(right_closed, problems),
        unclosed_left_out=share(right_closed, int(closed.sum())),
        on_front=False,
    )


def share(right: int, problems: int) -> Share:
    """Right ones among problems."""
    if not problems:
        return Share(accuracy=None, ci95=None)
    return Share(accuracy=right / problems, ci95=wilson_interval(right, problems))


def on_front(points: Sequence[Point], front: set[int], first: int) -> tuple[Point, ...]:
    """The points marked by whether their place, counted from ``first``, is on the front."""
    return tuple(replace(point, on_front=place in front) for place, point in enumerate(points, start=first))


def tests_between(runs: Sequence[Costed]) -> tuple[tuple[Pair, ...], tuple[tuple[str, str], ...]]:
    """A test for every two runs that cost nearly the same at some levels, and the names of those that never do."""
    found = {(one.label, other.label): pair_of(one, other) for one, other in combinations(runs, 2)}
    pairs = [pair for pair in found.values() if pair]
    adjusted = holm([pair.mcnemar_p for pair in pairs])
    return (
        tuple(replace(pair, holm_p=p) for pair, p in zip(pairs, adjusted, strict=True)),
        tuple(names for names, pair in found.items() if pair is None),
    )


def pair_of(one: Costed, other: Costed) -> Pair | None:
    """Two runs at their dearest nearly equal cost on the problems of both; None when there is none."""
    import numpy as np

    rows = {name: row for row, name in enumerate(other.names)}
    both = [(row, rows[name]) for row, name in enumerate(one.names) if name in rows]
    if not both:
        return None
    mine, theirs = (list(column) for column in zip(*both, strict=True))
    one_costs, other_costs = one.costs[mine].mean(axis=0).tolist(), other.costs[theirs].mean(axis=0).tolist()
    near = [
        (min(a, b), -abs(a - b), i, j)
        for i, a in enumerate(one_costs)
        for j, b in enumerate(other_costs)
        if max(a, b) <= NEARLY * min(a, b)
    ]
    if not near:
        return None
    *_, i, j = max(near)
    change = other.grid.correct[theirs, j] - one.grid.correct[mine, i]
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    means = resampled_means(change[:, np.newaxis])
    return Pair(
        one=one.label,
        other=other.label,
        one_level=one.grid.levels[i],
        other_level=other.grid.levels[j],
        one_cost=one_costs[i],
        other_cost=other_costs[j],
        problems=len(both),
        difference=float(change.mean()),
        difference_ci95=None if means is None else percentile_interval(means[:, 0]),
        gained=gained,
        lost=lost,
        mcnemar_p=mcnemar_p(gained, lost),
        holm_p=1.0,
    )
