"""The rules among which one is chosen: few enough to be read, made from the tuning half alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from s1m.analysis.tuning.walks import Stop, Walks
from s1m.forcing.stopping import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONFIDENCES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles of the answers' confidence that become thresholds."""
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
"""Of the logistic score. Closer together near 1, where a loss of a point or two is decided."""
MOST_AGREEING = 6
RIDGE = 1.0
"""Weight of the penalty on squared weights, of standardised features: half a tuning set of 256 has few losses."""
LEAST_STOPS = 50
"""Stops at which a feature must have another value than its most common one: a weight that rests on a few is noise."""


def candidates(walks: Walks, rows: Sequence[int], reference: int) -> list[Rule]:
    """All rules over the levels of the run, made from the problems in ``rows``; the order says nothing.

    A rule may go beyond the ``reference`` level where the run does: what is saved on easy problems is then spent on
    hard ones. The same rule that ends at the reference is a candidate of its own.
    """
    upto = tuple(level for level in walks.levels if level <= reference)
    made = [Rule(kind="level", levels=upto[: index + 1], first=level) for index, level in enumerate(upto)]
    sure = confidences(walks, rows)
    logistic = logistic_rules(walks, rows, reference)
    for levels in dict.fromkeys((upto, walks.levels)):
        agree = [
            Rule(kind="agree", levels=levels, first=first, agreeing=times)
            for times in range(2, min(MOST_AGREEING, len(levels)) + 1)
            for first in upto[: len(levels) - times]
        ]
        made += agree
        made += [Rule(kind="confident", levels=levels, confidence=each) for each in sure]
        made += [
            replace(rule, kind="agree_or_confident", confidence=each)
            for rule in agree
            if rule.first == levels[0]
            for each in sure
        ]
        made += [replace(rule, levels=levels) for rule in logistic]
    return made


def confidences(walks: Walks, rows: Sequence[int]) -> list[float]:
    """Thresholds of confidence, to three digits; empty where the engine gives none, or all are alike."""
    import numpy as np

    first = walks.levels[0]
    known = [
        stop.features.confidence
        for row in rows
        for stop in walks.of(first)[row]
        if stop.features.confidence is not None
    ]
    if not known:
        return []
    thresholds = {round(float(np.quantile(known, part)), 3) for part in CONFIDENCES}
    return sorted(each for each in thresholds if each > 0 and min(known) < each)


def logistic_rules(walks: Walks, rows: Sequence[int], reference: int) -> list[Rule]:
    """One logistic rule at several thresholds: its score is the chance that the reference level would not do better."""
    import numpy as np

    first = walks.levels[0]
    upto = tuple(level for level in walks.levels if level <= reference)
    wanted = walks.outcome(Rule(kind="level", levels=upto, first=reference), rows).correct
    stops: list[Stop] = []
    targets: list[bool] = []
    for row, is_right in zip(rows, wanted, strict=True):
        walk = walks.of(first)[row][:-1]
        stops += walk
        targets += [stop.correct or not is_right for stop in walk]
    if len(set(targets)) < 2:
        return []
    names = _names(stops)
    values = np.array([[stop.features.numbers().get(name, 0.0) for name in names] for stop in stops])
    intercept, weights = _fitted(values, np.array(targets, dtype=np.float64))
    rule = Rule(
        kind="logistic",
        levels=walks.levels,
        intercept=round(intercept, 4),
        weights={name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
        threshold=0.5,
    )
    return [replace(rule, threshold=each) for each in THRESHOLDS]


def _names(stops: Sequence[Stop]) -> list[str]:
    """The numbers that differ between stops, and not at a handful of them only."""
    values: dict[str, Counter[float]] = {}
    for stop in stops:
        for name, value in stop.features.numbers().items():
            values.setdefault(name, Counter())[value] += 1
    # A kind is named at its own stops alone; elsewhere its number is 0.
    for counts in values.values():
        counts[0.0] += len(stops) - counts.total()
    return [name for name, counts in values.items() if len(stops) - max(counts.values()) >= LEAST_STOPS]


def _fitted(values: NDArray[np.float64], targets: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Intercept and weights of a logistic regression with a ridge penalty, by Newton's method.

    ``values`` is (stops, features), ``targets`` (stops,) of 0 and 1; features are standardised for the penalty.
    """
    import numpy as np

    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread[spread == 0] = 1.0
    columns = np.column_stack([np.ones(len(values)), (values - centre) / spread])
    penalty = RIDGE * np.diag([0.0, *np.ones(values.shape[1])])
    weights = np.zeros(columns.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        gradient = columns.T @ (targets - chance) - penalty @ weights
        curvature = (columns * (chance * (1 - chance))[:, None]).T @ columns + penalty + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-8:
            break
    scaled = weights[1:] / spread
    return float(weights[0] - scaled @ centre), scaled
