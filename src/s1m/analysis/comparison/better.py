"""Which of two runs is better whatever it costs: level against level, and best against best.

Both runs are taken on the problems that they share. The best level of each is chosen on one half of these problems and
measured on the other (``s1m.analysis.statistics.held_out``), so that a run with many levels gains nothing by luck. All
p-values of a comparison are adjusted together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from s1m.analysis.comparison.costed import CostedRun, shared_rows
from s1m.analysis.comparison.findings import Difference
from s1m.analysis.statistics.held_out import LEAST_PROBLEMS, at_held_out_best, halves
from s1m.analysis.statistics.intervals import holm, mean_interval
from s1m.analysis.statistics.samples import paired_p

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def differences(runs: Sequence[CostedRun]) -> tuple[Difference, ...]:
    """A test of every two runs at each level that both have, and at the best of each; adjusted by Holm's method."""
    tests = [test for first, second in combinations(runs, 2) for test in tests_of(first, second)]
    adjusted = holm([test.p for test in tests])
    return tuple(replace(test, holm_p=p) for test, p in zip(tests, adjusted, strict=True))


def tests_of(first: CostedRun, second: CostedRun) -> Iterator[Difference]:
    """The tests of two runs: none where they have no problem in common."""
    first_rows, second_rows = shared_rows(first, second)
    if not first_rows:
        return
    one, other = first.correct[first_rows], second.correct[second_rows]
    if first.summary.axis == second.summary.axis:  # a level of votes is not one of ignored stops
        for level in first.grid.levels:
            if level in second.grid.levels:
                i, j = first.grid.levels.index(level), second.grid.levels.index(level)
                yield test_of(first, second, other[:, j] - one[:, i], level)
    if len(first_rows) >= LEAST_PROBLEMS and len(first.grid.levels) + len(second.grid.levels) > 2:
        second_half = halves(len(first_rows))
        yield test_of(first, second, at_held_out_best(other, second_half) - at_held_out_best(one, second_half), None)


def test_of(first: CostedRun, second: CostedRun, change: NDArray[np.float64], level: int | None) -> Difference:
    """One test; ``change`` is the second run's value minus the first's, problem by problem."""
    return Difference(
        one=first.label,
        other=second.label,
        level=level,
        problems=len(change),
        difference=float(change.mean()),
        difference_ci95=mean_interval(change),
        p=paired_p(change),
        holm_p=1.0,
    )
