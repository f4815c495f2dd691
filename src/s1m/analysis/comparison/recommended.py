"""The cheapest level of a run whose accuracy is within a stated loss of the best one."""

from __future__ import annotations

from s1m.analysis.comparison.costed import CostedRun
from s1m.analysis.comparison.findings import Recommendation
from s1m.analysis.statistics.intervals import mean_interval


def recommended(run: CostedRun, loss: float) -> Recommendation:
    """The cheapest level that loses at most ``loss`` (a fraction) against the run's best level, on the same problems.

    The loss is an estimate; its interval says how large it may be. Level and best are chosen on the same records, so
    the interval is for orientation: confirm a level that matters on problems of its own.
    """
    accuracy = run.correct.mean(axis=0)
    cost = run.costs.mean(axis=0)
    best = int(accuracy.argmax())
    # Costs first, then accuracy: of equally cheap levels the better one.
    near = min(
        (column for column in range(len(accuracy)) if accuracy[best] - accuracy[column] <= loss + 1e-12),
        key=lambda column: (cost[column], -accuracy[column]),
    )
    lost = run.correct[:, best] - run.correct[:, near]
    return Recommendation(
        run=run.label,
        level=run.grid.levels[near],
        best=run.grid.levels[best],
        allowed=loss,
        loss=float(lost.mean()),
        loss_ci95=None if near == best else mean_interval(lost),
        cost=float(cost[near]),
        cost_of_best=float(cost[near] / cost[best]) if cost[best] else 1.0,
    )
