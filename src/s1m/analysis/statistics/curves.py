"""Curves of accuracy over cost: the Pareto front, and the area under a curve."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log

Curve = Sequence[tuple[float, float]]
"""Points of cost and accuracy, in any order."""

LEAST_SPAN = 2.0
"""A curve whose costs span less than this factor is nearly a point and has no area."""


def pareto_front(points: Curve) -> list[int]:
    """Indices of the points on the Pareto front, in order of cost.

    No other point is equally cheap and more accurate, or equally accurate and cheaper.
    """
    # Of equal costs the most accurate first, so that those beneath it fail the test below.
    by_cost = sorted(range(len(points)), key=lambda index: (points[index][0], -points[index][1]))
    front: list[int] = []
    for index in by_cost:
        if not front or points[index][1] > points[front[-1]][1]:
            front.append(index)
    return front


def common_range(curves: Sequence[Curve]) -> tuple[float, float] | None:
    """The lowest and highest cost that all curves reach; None where there is no such range.

    Curves that span less than ``LEAST_SPAN`` are left out.
    """
    spans = [span for curve in curves if (span := span_of(curve))]
    low, high = max((low for low, _ in spans), default=0.0), min((high for _, high in spans), default=0.0)
    return (low, high) if low < high else None


def span_of(curve: Curve) -> tuple[float, float] | None:
    """The lowest and highest cost of a curve; None below ``LEAST_SPAN`` and for costs without a logarithm."""
    costs = [cost for cost, _ in curve]
    if not costs or min(costs) <= 0 or max(costs) < LEAST_SPAN * min(costs):
        return None
    return min(costs), max(costs)


def mean_accuracy(curve: Curve, low: float, high: float) -> float | None:
    """The area under a curve over the logarithm of cost from ``low`` to ``high``, divided by its width.

    The result is a mean accuracy. The area follows the trapezoid rule between the points, in order of cost, and the
    interpolated values at both ends. None for a curve that does not reach both ends.
    """
    span = span_of(curve)
    if span is None or not span[0] <= low < high <= span[1]:
        return None
    points = [(log(cost), accuracy) for cost, accuracy in sorted(curve)]
    within = [point for point in points if log(low) < point[0] < log(high)]
    knots = [(log(low), value_at(points, log(low))), *within, (log(high), value_at(points, log(high)))]
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(knots))
    return area / (log(high) - log(low))


def value_at(points: Curve, x: float) -> float:
    """Linear interpolation at ``x`` between sorted points that enclose it."""
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 <= x <= x2:
            return y1 if x1 == x2 else y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return points[-1][1]
