"""Confidence intervals and paired tests for answers that are right or wrong.

Undefined values are None, never NaN. The bootstrap is seeded and sums whole numbers only, so that every machine gives
the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""

RESAMPLES = 2_000
"""Leaves 50 values beyond either end of a 95 % interval, so that its ends hardly depend on the seed."""

CHUNK_CELLS = 2_000_000
"""Problems x resamples drawn at a time, which bounds the memory of a bootstrap to some tens of megabytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A 95 % confidence interval, in the unit of its value."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AccuracyEstimate:
    """An accuracy with its 95 % score interval; both None over no trials."""

    accuracy: float | None
    ci95: Interval | None


def estimate_accuracy(successes: float, trials: int) -> AccuracyEstimate:
    """The fraction of successes with its interval. A trial of several samples may be a success in part."""
    if not trials:
        return AccuracyEstimate(accuracy=None, ci95=None)
    return AccuracyEstimate(accuracy=successes / trials, ci95=wilson_interval(successes, trials))


def wilson_interval(successes: float, trials: float) -> Interval:
    """The 95 % score interval of a fraction.

    Unlike p +- 1.96 standard errors it never leaves [0, 1] and does not collapse at 0 or 1. Source: E. B. Wilson,
    "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212. Raises
    ``ValueError`` without trials and for a count outside 0..trials.
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials have no interval")
    fraction = successes / trials
    shrink = 1 + Z_95**2 / trials
    centre = (fraction + Z_95**2 / (2 * trials)) / shrink
    half = Z_95 / shrink * sqrt(fraction * (1 - fraction) / trials + Z_95**2 / (4 * trials**2))
    # At 0 and 1 the exact bound is the fraction itself; rounding would leave it 1e-17 away.
    return Interval(
        low=0.0 if successes == 0 else max(0.0, centre - half),
        high=1.0 if successes == trials else min(1.0, centre + half),
    )


def mcnemar_p(gained: int, lost: int) -> float:
    """Two-sided exact p-value for ``gained`` and ``lost`` being equally likely; 1.0 when both are 0.

    The exact form of Q. McNemar, Psychometrika 12 (1947), 153-157: under the null, the smaller of the two counts is
    binomial with probability 1/2. Summed in whole numbers, so any count is exact.
    """
    if gained < 0 or lost < 0:
        raise ValueError(f"counts cannot be negative: {gained}, {lost}")
    pairs = gained + lost
    tail = ways = 1  # ways to choose `count` of the pairs, and their sum so far
    for count in range(min(gained, lost)):
        ways = ways * (pairs - count) // (count + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << pairs))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values, in their order, adjusted for multiple testing by Holm's step-down method.

    Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979), 65-70.
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def resampled_means(
    columns: NDArray[np.float64], *, seed: int = 0, resamples: int = RESAMPLES
) -> NDArray[np.float64] | None:
    """Column means of ``resamples`` resamples of the rows, drawn with replacement; None for fewer than two rows.

    ``columns`` is (problems, columns) of whole numbers; the result is (resamples, columns). All columns see the same
    resample, which is what makes differences between columns paired (B. Efron and R. Tibshirani, "An Introduction to
    the Bootstrap", 1993, chapter 8).
    """
    import numpy as np

    problems = columns.shape[0]
    if problems < 2:
        return None
    rng = np.random.default_rng(seed)
    at_once = max(1, CHUNK_CELLS // problems)
    means = []
    for start in range(0, resamples, at_once):
        rows = min(at_once, resamples - start)
        drawn = rng.integers(problems, size=(rows, problems)) + problems * np.arange(rows)[:, None]
        # Counts instead of gathered rows: one matrix product sums every column, and whole numbers stay exact.
        times_drawn = np.bincount(drawn.ravel(), minlength=rows * problems).reshape(rows, problems)
        means.append(times_drawn.astype(np.float64) @ columns / problems)
    return np.concatenate(means)


def mean_interval(values: NDArray[np.float64]) -> Interval | None:
    """The bootstrap interval of the mean of ``values``, one a problem; None for fewer than two."""
    means = resampled_means(values[:, None])
    return None if means is None else percentile_interval(means[:, 0])


def percentile_interval(values: NDArray[np.float64]) -> Interval | None:
    """The middle 95 % of bootstrap values, without the NaN of resamples in which the value is undefined.

    None when no value is left.
    """
    import numpy as np

    defined = values[~np.isnan(values)]
    if not defined.size:
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return Interval(low=float(low), high=float(high))
