"""Runs side by side: the cost and accuracy of every level, the Pareto front, and paired tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from s1m.analysis.comparison.better import differences
from s1m.analysis.comparison.caveats import caveats_of
from s1m.analysis.comparison.cost import Costing
from s1m.analysis.comparison.costed import CostedRun, costed_run
from s1m.analysis.comparison.equal_cost import paired_tests
from s1m.analysis.comparison.findings import Comparison, Point, RunCurve
from s1m.analysis.comparison.recommended import recommended
from s1m.analysis.run.drawable import run_labels
from s1m.analysis.run.grid import STOPS
from s1m.analysis.run.summarize import summarize
from s1m.analysis.statistics.curves import common_range, mean_accuracy, pareto_front
from s1m.analysis.statistics.intervals import estimate_accuracy, percentile_interval, resampled_means
from s1m.analysis.statistics.samples import clustered_interval
from s1m.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s1m.evaluate.store import Run

LOSS = 0.01
"""What a recommended level may lose against the best one where nothing is said: one point."""


def compare(runs: Sequence[Run], costing: Costing, loss: float = LOSS) -> Comparison:
    """The runs on one axis of cost; a level is recommended that loses at most ``loss``, a fraction, of each run.

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
        differences=differences(costed),
        recommendations=tuple(recommended(run, loss) for run in costed),
    )


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
        latency=run.summary.latency,
        samples=run.summary.samples,
        temperature=run.summary.temperature,
        area=None,
    )


def point_of(run: CostedRun, column: int, costs: NDArray[np.float64] | None) -> Point:
    """One level of a run; ``costs`` are the resampled means of its cost, of shape (resamples,)."""
    correct = run.grid.correct[:, column]
    closed = run.grid.stops[:, column] == STOPS.index("closed")
    answers, right_closed = len(correct), int(correct[closed].sum())
    by_problem = run.correct[:, column]
    return Point(
        level=run.grid.levels[column],
        cost=float(run.costs[:, column].mean()),
        cost_ci95=None if costs is None else percentile_interval(costs),
        accuracy=float(by_problem.mean()),
        accuracy_ci95=clustered_interval(by_problem, trials=answers),
        unclosed=answers - int(closed.sum()),
        unclosed_wrong=estimate_accuracy(right_closed, answers),
        unclosed_left_out=estimate_accuracy(right_closed, int(closed.sum())),
        on_front=False,
    )


def on_front(points: Sequence[Point], front: set[int], first: int) -> tuple[Point, ...]:
    """The points, marked where their index, counted from ``first``, is on the front."""
    return tuple(replace(point, on_front=index in front) for index, point in enumerate(points, start=first))
