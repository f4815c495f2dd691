"""The bound on a paired loss holds for every number of problems, and is not much wider than it must be."""

from __future__ import annotations

import math
from itertools import product

import pytest

from s1m.analysis.statistics.paired_loss import loss_bound, loss_p_value, problems_needed, score

ERROR = 0.05


@pytest.mark.parametrize("allowed", [0.02, 0.1])
@pytest.mark.parametrize("rate", [0.12, 0.3, 0.8])
def test_a_loss_that_is_just_too_large_is_rarely_certified(allowed: float, rate: float) -> None:
    problems = 16
    lost_rate, gained_rate = (rate + allowed) / 2, (rate - allowed) / 2
    wrongly = 0.0
    for lost, gained in product(range(problems + 1), repeat=2):
        if lost + gained > problems or loss_p_value(lost, gained, problems, allowed) > ERROR:
            continue
        ways = math.comb(problems, lost) * math.comb(problems - lost, gained)
        wrongly += ways * lost_rate**lost * gained_rate**gained * (1 - rate) ** (problems - lost - gained)
    assert wrongly <= ERROR


def test_the_statistic_rises_with_losses_and_falls_with_gains() -> None:
    """What the largest probability rests on: it lies where the loss is just the allowed one."""
    problems = 40
    for allowed in (0.01, 0.05):
        for lost, gained in product(range(12), repeat=2):
            assert score(lost + 1, gained, problems, allowed) > score(lost, gained, problems, allowed)
            assert score(lost, gained + 1, problems, allowed) < score(lost, gained, problems, allowed)


def test_without_a_loss_the_bound_is_that_of_a_binomial() -> None:
    # 0 of 256: the exact one-sided bound at 5 % is 1.16 points.
    assert loss_bound(0, 0, 256) == pytest.approx(1 - ERROR ** (1 / 256), abs=0.0004)
    assert loss_bound(0, 12, 256) == 0.0


def test_the_bound_is_near_the_normal_one_where_that_is_good() -> None:
    for lost, gained in ((30, 30), (40, 30)):
        loss, discordant = (lost - gained) / 1024, (lost + gained) / 1024
        normal = loss + 1.645 * math.sqrt((discordant - loss * loss) / 1024)
        assert normal < loss_bound(lost, gained, 1024) < normal + 0.001


def test_more_losses_and_more_confidence_widen_the_bound() -> None:
    bounds = [loss_bound(lost, 5, 200) for lost in (3, 5, 8, 12)]
    assert bounds == sorted(bounds)
    assert loss_bound(5, 5, 200, error=0.01) > loss_bound(5, 5, 200)
    assert loss_bound(5, 0, 5) == 1.0


def test_how_many_problems_would_do() -> None:
    assert problems_needed(0.0, 0.0, 0.01) == 299  # 0.99 ** 299 < 0.05
    assert problems_needed(0.02, 0.1, 0.01) is None
    few, many = problems_needed(0.0, 0.05, 0.02), problems_needed(0.0, 0.05, 0.01)
    assert few is not None
    assert many is not None
    assert many == pytest.approx(4 * few, rel=0.01)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="is impossible"):
        loss_p_value(3, 3, 5, 0.01)
