"""The bound by betting: closed forms, its chance of being wrong counted out and simulated, and what it gains."""

from __future__ import annotations

from itertools import product
from math import ceil, log, prod

import numpy as np
import pytest

from s1m.analysis.statistics.betting import MOST_STAKE, betting_bound, betting_p_values
from s1m.analysis.statistics.paired_loss import loss_bound


def test_without_any_loss_every_problem_multiplies_the_capital_by_the_highest_stake() -> None:
    allowed = 0.02
    enough = ceil(log(20) / log(1 + MOST_STAKE * allowed / (1 - allowed)))
    for problems, passes in ((enough - 1, False), (enough, True)):
        zeros = np.zeros((problems, 1))
        assert (betting_p_values(zeros, allowed, zeros[:100])[0] <= 0.05) is np.bool_(passes)
    growth = (20 ** (1 / 200) - 1) / MOST_STAKE
    assert betting_bound(np.zeros(200), np.zeros(100)) == pytest.approx(growth / (1 + growth), abs=1e-4)


@pytest.mark.parametrize("error", [0.05, 0.5])
@pytest.mark.parametrize("allowed", [0.1, 0.3])
def test_the_chance_of_a_wrong_claim_is_counted_out_and_at_most_the_error(allowed: float, error: float) -> None:
    sizes = np.array([-1.0, 0.0, 0.5, 1.0])
    outcomes = np.array(list(product(sizes, repeat=6))).T  # of shape (problems, outcomes)
    for spread in (0.0, 0.3):
        refuted = betting_p_values(outcomes, allowed, np.full((5, outcomes.shape[1]), spread), error=error) <= error
        for gained, half in ((0.0, 0.0), (0.0, 2 * allowed), (0.2, 0.2), (0.3, 0.0)):
            chances = dict(zip(sizes, (gained, 0.0, half, allowed + gained - half / 2), strict=True))
            chances[0.0] = 1 - sum(chances.values())
            assert sum(size * chance for size, chance in chances.items()) == pytest.approx(allowed)
            wrong = sum(prod(chances[each] for each in column) for column in outcomes.T[refuted])
            assert wrong <= error + 1e-12


def losses(rng: np.random.Generator, kind: str, mean: float, problems: int, runs: int, samples: int) -> np.ndarray:
    """Mean losses of problems, of shape (problems, runs), whose true mean is ``mean``."""
    shape = (problems, runs)
    if kind == "whole":  # a problem is lost with all its samples, or not at all
        return (rng.random(shape) < mean).astype(float)
    doubtful = rng.random(shape) < 0.3
    lost = rng.binomial(samples, np.where(doubtful, 0.2 + mean / 0.3, 0.0))
    gained = rng.binomial(samples, np.where(doubtful, 0.2, 0.0))
    return np.asarray((lost - gained) / samples)


@pytest.mark.parametrize("kind", ["whole", "doubtful"])
def test_a_loss_as_high_as_allowed_passes_at_most_one_time_in_twenty(kind: str) -> None:
    rng = np.random.default_rng(0)
    drawn, before = (losses(rng, kind, 0.03, 200, 4000, 8) for _ in range(2))
    assert drawn.mean() == pytest.approx(0.03, abs=0.002)
    passed = (betting_p_values(drawn, 0.03, before) <= 0.05).mean()
    assert 0.005 < passed <= 0.05  # neither wrong nor without power


def test_with_several_samples_of_a_problem_the_bound_is_far_below_that_of_single_ones() -> None:
    rng = np.random.default_rng(1)
    many = losses(rng, "doubtful", 0.0, 400, 1, 8)[:, 0]
    single = losses(rng, "doubtful", 0.0, 400, 1, 1)[:, 0]
    exact = loss_bound(int((single > 0).sum()), int((single < 0).sum()), 400) - single.mean()
    assert betting_bound(many, many) - many.mean() < 0.6 * exact
    assert exact < betting_bound(single, single) - single.mean()  # why single samples have a test of their own


def test_values_beyond_a_whole_problem_are_refused() -> None:
    with pytest.raises(ValueError, match="from -1 to 1"):
        betting_p_values(np.full((3, 1), 1.5), 0.1, np.zeros((3, 1)))
