"""An upper bound on the mean of bounded values, one a problem, that holds for any number of them: testing by betting.

Who doubts a mean of ``allowed`` or more starts with 1 and bets on every value in turn, before seeing it; while the
mean is that high, no way of betting makes the capital grow on average, so it ever reaches 1 / error with a chance of at
most ``error`` (J. Ville, 1939; I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
betting", JRSS B 86 (2024), 1-27). How much to bet is free. Here the stake is recalculated before every value from what
is still missing and how many values are left: V. Voráček and F. Orabona, "STaR-Bets: sequential target-recalculating
bets for tighter confidence intervals", arXiv 2505.22422 (2025). It adapts to how far the values spread, of which other
problems give a first guess.

Values lie in [-1, 1]: the loss of a problem, a mean over its samples. With one sample a problem the test of
``paired_loss`` needs fewer problems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_STAKE = 0.95
"""Part of the capital that one problem, lost as a whole, may take. With all of it one such problem ends the test."""
STEP = 0.0001
"""Bounds are multiples of a hundredth of a point."""


def betting_p_values(
    values: NDArray[np.float64], allowed: float, before: NDArray[np.float64], *, error: float = 0.05
) -> NDArray[np.float64]:
    """The p-value of a mean of ``allowed`` (0 to 1, exclusive) or more, column by column; small where it is smaller.

    ``values`` are of shape (problems, columns) and in [-1, 1], in an order that does not depend on them; ``before`` are
    those of other problems, from which their spread is guessed. Betting is for one ``error``: no p-value is much below
    it. Raises ``ValueError`` for values out of range.
    """
    return 1 / _capital(values, allowed, before, error)


def betting_bound(values: NDArray[np.float64], before: NDArray[np.float64], *, error: float = 0.05) -> float:
    """The upper confidence bound on the mean, from 0: the smallest multiple of ``STEP`` from which on all are refuted.

    1.0 where none is. ``values`` and ``before``, of shape (problems,), are a column of ``betting_p_values``.
    """
    import numpy as np

    means: NDArray[np.float64] = np.arange(1, round(1 / STEP), dtype=np.float64) * STEP
    is_possible = 1 / _capital(values[:, None], means, before[:, None], error) > error
    return round(float(means[is_possible][-1]) + STEP if is_possible.any() else float(means[0]), 4)


def _capital(
    values: NDArray[np.float64], means: NDArray[np.float64] | float, before: NDArray[np.float64], error: float
) -> NDArray[np.float64]:
    """The highest capital, at least 1, of bets against ``means``, of which there is one, or one for every column."""
    import numpy as np

    if not (len(values) and np.abs(values).max() <= 1):
        raise ValueError("a bet on a mean needs values from -1 to 1")
    # Sums of squared distances from the mean that is doubted: where they are large, little is bet.
    squares = (before**2).sum(axis=0) - 2 * means * before.sum(axis=0) + (len(before) + 1) * means**2
    most = MOST_STAKE / (1 - means)
    capital: NDArray[np.float64] = np.ones_like(squares)
    highest = capital
    for number, value in enumerate(values):
        missing = np.maximum(0.0, -np.log(np.maximum(error * capital, 1e-300)))
        stake = np.sqrt(2 * missing * (len(before) + number + 1) / (squares * (len(values) - number)))
        capital = capital * (1 + np.minimum(stake, most) * (means - value))
        highest = np.maximum(highest, capital)
        squares = squares + (value - means) ** 2
    return highest
