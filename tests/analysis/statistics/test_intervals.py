from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.analysis.statistics.intervals import holm, mcnemar_p, percentile_interval, resampled_means, wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_gives_published_values(successes: int, trials: int, low: float, high: float) -> None:
    interval = wilson_interval(successes, trials)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 5_000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_interval_contains_the_fraction_and_stays_within_0_and_1(counts: tuple[int, int]) -> None:
    successes, trials = counts
    interval = wilson_interval(successes, trials)
    assert 0 <= interval.low <= successes / trials <= interval.high <= 1
    assert interval.low < interval.high
    mirrored = wilson_interval(trials - successes, trials)
    assert mirrored.low == pytest.approx(1 - interval.high, abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_wilson_interval_refuses_impossible_counts(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="have no interval"):
        wilson_interval(successes, trials)


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [
        (0, 0, 1.0),
        (6, 0, 2 / 64),
        (15, 5, 0.04138946533203125),  # 2 * (1 + 20 + 190 + 1140 + 4845 + 15504) / 2^20
        (10, 10, 1.0),
        (59, 6, 4.964650e-12),
    ],
)
def test_mcnemar_gives_known_values(gained: int, lost: int, p: float) -> None:
    assert mcnemar_p(gained, lost) == pytest.approx(p, rel=1e-6, abs=0)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_symmetric_and_a_probability(gained: int, lost: int) -> None:
    p = mcnemar_p(gained, lost)
    assert p == mcnemar_p(lost, gained)
    assert 0 <= p <= 1
    assert p >= mcnemar_p(gained + lost, 0)


def test_mcnemar_refuses_negative_counts_and_bears_large_ones() -> None:
    with pytest.raises(ValueError, match="negative"):
        mcnemar_p(-1, 3)
    assert mcnemar_p(20_000, 10_000) == 0.0
    assert mcnemar_p(10_050, 10_000) == pytest.approx(0.729306, abs=1e-6)


def test_resampled_means_are_paired_reproducible_and_centred() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2, size=(200, 1)).astype(float)
    means = resampled_means(np.hstack([values, values + 3]), seed=5)
    assert means is not None
    assert means.shape == (2_000, 2)
    assert np.allclose(means[:, 1] - means[:, 0], 3)  # the same problems in both columns
    assert means[:, 0].mean() == pytest.approx(values.mean(), abs=0.005)
    assert means[:, 0].std() == pytest.approx(values.std() / 200**0.5, rel=0.05)
    again = resampled_means(np.hstack([values, values + 3]), seed=5)
    other = resampled_means(np.hstack([values, values + 3]), seed=6)
    assert again is not None
    assert other is not None
    assert np.array_equal(means, again)
    assert not np.array_equal(means, other)


def test_resampled_means_need_two_problems_and_work_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resampled_means(np.zeros((0, 3))) is None
    assert resampled_means(np.ones((1, 3))) is None
    monkeypatch.setattr("s1m.analysis.statistics.intervals.CHUNK_CELLS", 7)
    means = resampled_means(np.arange(6.0).reshape(3, 2), resamples=11)
    assert means is not None
    assert means.shape == (11, 2)
    assert np.allclose(means[:, 1] - means[:, 0], 1)


def test_percentile_interval_leaves_undefined_values_out() -> None:
    interval = percentile_interval(np.array([np.nan, *np.linspace(0, 100, 101)]))
    assert interval is not None
    assert (interval.low, interval.high) == (2.5, 97.5)
    assert percentile_interval(np.array([np.nan])) is None


def test_holm_adjusts_the_smallest_most_and_keeps_the_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([]) == []
