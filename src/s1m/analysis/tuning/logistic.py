"""The logistic rule: a score of every stop, the chance that thinking to the end would not do better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from s1m.analysis.tuning.walks import Walks
from s1m.forcing.stopping import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
"""Of the score. Closer together near 1, where a loss of a point or two is decided."""
RIDGE = 1.0
"""Weight of the penalty on squared weights, of standardised features: a tuning part has few losses."""
LEAST_STOPS = 50
"""Stops at which a feature must have another value than its most common one: a weight that rests on a few is noise."""


def logistic_rules(walks: Walks, rows: Sequence[int], levels: Sequence[int], first: int) -> list[Rule]:
    """One logistic rule at several thresholds, fitted to the problems in ``rows``; empty where nothing can be learned.

    It ends at the last of ``levels`` and asks from level ``first`` on. A problem that comes twice in ``rows`` counts
    twice.
    """
    import numpy as np

    steps = walks.steps(first)
    is_right = walks.outcome(Rule(kind="level", levels=tuple(levels), first=levels[-1])).correct
    times = np.bincount(rows, minlength=len(walks))[walks.problem]
    row, stop = np.nonzero(steps.there & ~_last(steps.there) & (steps.ignored < levels[-1]) & (times > 0)[:, None])
    targets = (steps.correct[row, stop] | ~is_right[row]).astype(np.float64)
    if len(np.unique(targets)) < 2:
        return []
    values, counts = steps.numbers[row, stop], times[row].astype(np.float64)
    codes = steps.codes[row, stop]
    used = [column for column in range(values.shape[1]) if _rare(codes[:, column], counts) >= LEAST_STOPS]
    if not used:
        return []
    intercept, weights = fitted(values[:, used], targets, counts)
    rule = Rule(
        kind="logistic",
        levels=tuple(levels),
        first=first,
        intercept=round(intercept, 4),
        weights={steps.names[column]: round(float(each), 4) for column, each in zip(used, weights, strict=True)},
        threshold=0.5,
    )
    return [replace(rule, threshold=each) for each in THRESHOLDS]


def _last(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The last stop of every trace, at which nothing is left to decide."""
    import numpy as np

    last: NDArray[np.bool_] = np.arange(there.shape[1]) == there.sum(axis=1)[:, None] - 1
    return last


def _rare(codes: NDArray[np.int64], counts: NDArray[np.float64]) -> float:
    """At how many stops a feature has another value than its most common one; ``codes`` are numbers of its values."""
    import numpy as np

    return float(counts.sum() - np.bincount(codes, weights=counts).max())


def fitted(
    values: NDArray[np.float64], targets: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Intercept and weights of a logistic regression with a ridge penalty, by Newton's method.

    ``values`` is (stops, features), ``targets`` (stops,) of 0 and 1, ``counts`` (stops,) how often each stop counts;
    features are standardised for the penalty.
    """
    import numpy as np

    centre = counts @ values / counts.sum()
    spread = np.sqrt(counts @ (values - centre) ** 2 / counts.sum())
    spread[spread == 0] = 1.0
    columns = np.column_stack([np.ones(len(values)), (values - centre) / spread])
    penalty = RIDGE * np.diag([0.0, *np.ones(values.shape[1])])
    weights = np.zeros(columns.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        gradient = columns.T @ (counts * (targets - chance)) - penalty @ weights
        slope = counts * chance * (1 - chance)
        curvature = (columns * slope[:, None]).T @ columns + penalty + 1e-9 * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-6:  # weights are kept to four digits
            break
    scaled = weights[1:] / spread
    return float(weights[0] - scaled @ centre), scaled
