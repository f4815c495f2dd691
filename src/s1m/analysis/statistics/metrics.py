"""One number for a whole sweep: s1's Control, Scaling and Performance, and the least-squares slope.

All take a sweep's measurements at its levels: x is the mean number of thinking tokens, y the accuracy (0 to 1). Slopes
are accuracy per 1,000 thinking tokens: 0.02 means two points for every thousand tokens. The definitions are those of s1
(N. Muennighoff et al., arXiv 2501.19393, section 4.1), measured in tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PER_TOKENS = 1_000


def control(tokens: Sequence[float], minimum: float, maxima: Sequence[float] | None) -> float | None:
    """Fraction of the levels whose mean chain length lies within ``minimum`` and their maximum, both included.

    None without levels or without maxima. Where a level is a number of tokens, it is the maximum. A sweep over
    num_ignore sets no token count at each level, so its maximum is the run's max_thinking_tokens.
    """
    if not tokens or maxima is None:
        return None
    return sum(minimum <= spent <= most for spent, most in zip(tokens, maxima, strict=True)) / len(tokens)


def scaling(tokens: Sequence[float], accuracies: Sequence[float]) -> float | None:
    """Mean slope over all pairs of levels, in accuracy per 1,000 tokens.

    Pairs with equal tokens have no slope and are left out; None when no pair is left. Two levels that nearly tie in
    tokens dominate the mean, which is why ``slope_per_1k_tokens`` stands beside it.
    """
    points = list(zip(tokens, accuracies, strict=True))
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2]
    return PER_TOKENS * sum(slopes) / len(slopes) if slopes else None


def performance(accuracies: Sequence[float]) -> float | None:
    """The best accuracy of any level, or None without levels."""
    return max(accuracies, default=None)


def slope_per_1k_tokens(tokens: Sequence[float], accuracies: Sequence[float]) -> float | None:
    """Least-squares slope of accuracy on mean thinking tokens, in accuracy per 1,000 tokens.

    None for fewer than two different token means.
    """
    import numpy as np

    if not tokens:
        return None
    (slope,) = slopes_per_1k_tokens(np.array([tokens], dtype=float), np.array([accuracies], dtype=float))
    return None if np.isnan(slope) else float(slope)


def slopes_per_1k_tokens(tokens: NDArray[np.float64], accuracies: NDArray[np.float64]) -> NDArray[np.float64]:
    """``slope_per_1k_tokens`` for every row of two (resamples, levels) arrays; NaN where a row has one token mean."""
    import numpy as np

    x = tokens - tokens.mean(axis=1, keepdims=True)
    y = accuracies - accuracies.mean(axis=1, keepdims=True)
    # Compared before centring: the centred values of equal means differ by rounding.
    defined = np.ptp(tokens, axis=1) > 0
    slopes = np.full(len(tokens), np.nan)
    slopes[defined] = PER_TOKENS * (x * y).sum(axis=1)[defined] / (x * x).sum(axis=1)[defined]
    return slopes
