"""How many problems a paired difference of accuracies needs to be found.

With ``n`` problems the standard error of the difference is sqrt(variance / n). A two-sided test at 5 % finds a true
gain with probability ``power`` when n = variance x ((z(0.975) + z(power)) / gain)^2 (E. Miller, "Adding error bars to
evals", arXiv 2411.00640, section 5). With K samples of every problem the variance is that between problems plus that
within them, divided by K.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from s1m.analysis.statistics.intervals import Z_95

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class PairedVariance:
    """Variance of the difference of two settings on one problem, in accuracies squared.

    ``between`` is that of the problems' true differences, ``within`` what one sample of each adds.
    """

    between: float
    within: float

    def of_samples(self, samples: int) -> float:
        """The variance of a problem's difference when each setting has ``samples`` samples of it."""
        return self.between + self.within / samples


def assumed_variance(baseline: float, gain: float, correlation: float) -> PairedVariance:
    """The variance of one sample each, where the two settings' verdicts on a problem have ``correlation``.

    All of it counts as between problems: nothing is known of how samples of one problem differ, so more of them promise
    nothing. Raises ``ValueError`` for accuracies outside 0..1 and for a correlation that these accuracies cannot have.
    """
    other = baseline + gain
    if not 0 < baseline < 1 or not 0 <= other <= 1:
        raise ValueError(f"accuracies must lie between 0 and 1, not {baseline:g} and {other:g}")
    together = correlation * sqrt(baseline * (1 - baseline) * other * (1 - other))
    joint = baseline * other + together  # the probability that both are right
    if not max(0.0, baseline + other - 1) - 1e-12 <= joint <= min(baseline, other) + 1e-12:
        raise ValueError(
            f"verdicts with accuracies {baseline:g} and {other:g} cannot have a correlation of {correlation:g}"
        )
    return PairedVariance(between=baseline + other - 2 * joint - gain**2, within=0.0)


def measured_variance(first: NDArray[np.float64], other: NDArray[np.float64]) -> PairedVariance:
    """The variance of a run's own pairs: arrays of (problems, samples) of verdicts, 0 or 1, at two levels.

    With one sample a problem, what is within problems cannot be told apart and is 0. The two levels of one trace share
    their chain, so the difference is taken sample by sample.
    """
    differences = other - first
    samples = differences.shape[1]
    means = differences.mean(axis=1)
    total = float(means.var(ddof=1))
    if samples == 1:
        return PairedVariance(between=total, within=0.0)
    within = float(differences.var(axis=1, ddof=1).mean())
    return PairedVariance(between=max(0.0, total - within / samples), within=within)


def problems_needed(variance: float, gain: float, power: float = 0.8) -> int:
    """Problems with which a gain is found with probability ``power`` at 5 %, two-sided; at least 2."""
    z = Z_95 + NormalDist().inv_cdf(power)
    return max(2, ceil(variance * (z / gain) ** 2))


def gain_found(variance: float, problems: int, power: float = 0.8) -> float:
    """The smallest gain that this number of problems finds with probability ``power``."""
    return (Z_95 + NormalDist().inv_cdf(power)) * sqrt(variance / problems)
