"""Two runs against each other at equal cost.

They are tested once, at the most expensive levels whose costs differ by at most the factor ``NEARLY``: a rule instead
of a choice, so that the user cannot pick the level that suits. With more than two runs the p-values are adjusted for
all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from s1m.analysis.comparison.costed import CostedRun, shared_rows
from s1m.analysis.comparison.findings import PairedTest
from s1m.analysis.statistics.intervals import holm, mean_interval
from s1m.analysis.statistics.samples import paired_p

NEARLY = 1.1
"""Costs within this factor count as equal."""


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
    first_rows, second_rows = shared_rows(first, second)
    if not first_rows:
        return None
    first_costs, second_costs = (
        first.costs[first_rows].mean(axis=0).tolist(),
        second.costs[second_rows].mean(axis=0).tolist(),
    )
    levels = equal_cost(first_costs, second_costs)
    if levels is None:
        return None
    i, j = levels
    change = second.correct[second_rows, j] - first.correct[first_rows, i]
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    return PairedTest(
        one=first.label,
        other=second.label,
        one_level=first.grid.levels[i],
        other_level=second.grid.levels[j],
        one_cost=first_costs[i],
        other_cost=second_costs[j],
        problems=len(first_rows),
        difference=float(change.mean()),
        difference_ci95=mean_interval(change),
        gained=gained,
        lost=lost,
        mcnemar_p=paired_p(change),
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
