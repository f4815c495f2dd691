"""Estimates from several samples against closed forms, enumeration and simulation."""

from __future__ import annotations

from itertools import combinations, permutations
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.analysis.statistics.intervals import mcnemar_p, wilson_interval
from s1m.analysis.statistics.samples import clustered_interval, majority_at_k, paired_p, pass_at_k


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_fraction_of_subsets_with_a_right_sample(given: tuple[int, int, int]) -> None:
    samples, correct, k = given
    right = [index < correct for index in range(samples)]
    assert pass_at_k(samples, correct, k) == pytest.approx(fmean(any(each) for each in combinations(right, k)))


def test_pass_at_k_equals_the_published_code_on_its_own_numbers() -> None:
    """Chen et al. print 1 - prod(1 - k / arange(n - c + 1, n + 1)) for n - c >= k."""
    for samples, correct, k in ((200, 13, 100), (200, 1, 1), (10, 3, 5), (5, 5, 1)):
        published = (
            1.0
            if samples - correct < k
            else 1.0 - float(np.prod(1.0 - k / np.arange(samples - correct + 1, samples + 1)))
        )
        assert pass_at_k(samples, correct, k) == pytest.approx(published)
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(4, 1, 5)


def test_maj_at_k_is_the_mean_over_all_orders() -> None:
    predictions = ["a", "b", None, "a", "c"]
    correct = [True, False, False, True, False]
    for k, estimate in enumerate(majority_at_k(predictions, correct), start=1):
        outcomes = []
        for order in permutations(range(5), k):
            votes: dict[str, int] = {}
            for index in order:
                prediction = predictions[index]
                if prediction is not None:
                    votes[prediction] = votes.get(prediction, 0) + 1
            outcomes.append(bool(votes) and max(votes, key=lambda each: votes[each]) == "a")
        assert estimate == pytest.approx(fmean(outcomes), abs=0.08)  # of 400 orders
    assert majority_at_k([None, None], [False, False]) == [0.0, 0.0]
    assert majority_at_k(["x"], [True]) == [1.0]


def test_one_sample_of_a_problem_has_wilsons_interval() -> None:
    values = np.array([1.0] * 30 + [0.0] * 20)
    clustered, plain = clustered_interval(values, trials=50), wilson_interval(30, 50)
    assert (clustered.low, clustered.high) == pytest.approx((plain.low, plain.high))
    for constant in (0.0, 1.0):
        same = clustered_interval(np.full(50, constant), trials=50)
        assert (same.low, same.high) == pytest.approx(
            (wilson_interval(50 * constant, 50).low, wilson_interval(50 * constant, 50).high)
        )


def test_copies_of_a_sample_make_no_interval_narrower() -> None:
    values = np.array([1.0] * 30 + [0.0] * 20)
    once, eight_times = clustered_interval(values, trials=50), clustered_interval(values, trials=400)
    assert (once.low, once.high) == (eight_times.low, eight_times.high)


def test_clustered_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """perf/estimators.py measures it over 2,000 runs each; here is one setting, with room for its noise."""
    rng = np.random.default_rng(1)
    problems, samples, runs = 200, 4, 1000
    held = 0
    for _ in range(runs):
        values = rng.binomial(samples, rng.beta(1, 1, problems)) / samples
        interval = clustered_interval(values, trials=problems * samples)
        held += interval.low <= 0.5 <= interval.high
    assert 0.93 <= held / runs <= 0.97


def test_the_paired_test_of_single_samples_is_mcnemars() -> None:
    differences = np.array([1.0] * 14 + [-1.0] * 4 + [0.0] * 30)
    assert paired_p(differences) == mcnemar_p(14, 4)
    assert paired_p(np.zeros(5)) == 1.0


def test_the_sign_flip_test_is_near_the_exact_one_and_never_zero() -> None:
    halved = np.array([0.5] * 14 + [-0.5] * 4 + [0.0] * 30)  # the same signs, another size
    assert paired_p(halved) == pytest.approx(mcnemar_p(14, 4), abs=0.01)
    assert 0 < paired_p(np.full(60, 0.25)) <= 0.001
