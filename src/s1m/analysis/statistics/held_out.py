"""The best of several levels without the winner's curse: chosen on one half of the problems, measured on the other.

Part of the accuracy of a curve's best level is luck, so that it is too high on the problems that chose the level
(A. Gelman and J. Carlin, "Beyond power calculations", Perspectives on Psychological Science 9 (2014), 641-651, on the
exaggeration of chosen results). Here every problem is measured at the level that the other half of the problems chose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_PROBLEMS = 20
"""With fewer, a half of them chooses nearly at random."""


def halves(problems: int, *, seed: int = 0) -> NDArray[np.bool_]:
    """For every problem whether it is in the second half; the halves differ by one problem at most."""
    import numpy as np

    second: NDArray[np.bool_] = np.arange(problems) % 2 == 1
    np.random.default_rng(seed).shuffle(second)
    return second


def at_held_out_best(correct: NDArray[np.float64], second: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For every problem its value at the level that is best for the other half: of shape (problems,).

    ``correct`` is (problems, levels), ``second`` the halves. Of equally good levels the first is chosen.
    """
    import numpy as np

    values = np.empty(len(correct))
    for half in (False, True):
        best = int(correct[second != half].mean(axis=0).argmax())
        values[second == half] = correct[second == half, best]
    return values
