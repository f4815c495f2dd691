"""Curves of accuracy over cost: which points nothing beats, and one number for a curve."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log

Curve = Sequence[tuple[float, float]]
"""Points of cost and accuracy, in any order."""

LEAST_SPAN = 2.0
"""A curve whose costs span less than this factor is a point with a smear, and has no area."""


def pareto_front(points: Curve) -> list[int]:
    """The places of the points that no other point beats, by cost: as cheap and better, or as good and cheaper."""
    by_cost = sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1]))
    front: list[int] = []
    for place in by_cost:
        if not front or points[place][1] > points[front[-1]][1]:
            front.append(place)
    return front


def common_range(curves: Sequence[Curve]) -> tuple[float, float] | None:
    """The costs that all curves reach which span at least ``LEAST_SPAN``; None when there are none."""
    spans = [span for curve in curves if (span := span_of(curve))]
    low, high = max((low for low, _ in spans), default=0.0), min((high for _, high in spans), default=0.0)
    return (low, high) if low < high else None


def span_of(curve: Curve) -> tuple[float, float] | None:
    """The least and the most cost of a curve, or None for too few costs or such as have no logarithm."""
    costs = [cost for cost, _ in curve]
    if not costs or min(costs) <= 0 or max(costs) < LEAST_SPAN * min(costs):
        return None
    return min(costs), max(costs)


def mean_accuracy(curve: Curve, low: float, high: float) -> float | None:
    """The area under a curve over the logarithm of cost from ``low`` to ``high``, divided by its width.

    By the trapezoid rule between the points, in order of cost, and the curve's own values at both ends; a mean
    accuracy, so. None for a curve that does not reach both ends.
    """
    span = span_of(curve)
    if span is None or not span[0] <= low < high <= span[1]:
        return None
    points = [(log(cost), accuracy) for cost, accuracy in sorted(curve)]
    within = [point for point in points if log(low) < point[0] < log(high)]
    knots = [(log(low), at(points, log(low))), *within, (log(high), at(points, log(high)))]
    area = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(knots))
    return area / (log(high) - log(low))


def at(points: Curve, x: float) -> float:
    """The value at ``x`` of the line through points that are sorted and enclose it."""
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 <= x <= x2:
            return y1 if x1 == x2 else y1 + (y2 - y1) * (x - x1) / (x2 - x1)
    return points[-1][1]
