"""A recommended size finds the stated gain as often as it says."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from s1m.analysis.statistics.power import (
    PairedVariance,
    assumed_variance,
    gain_found,
    measured_variance,
    problems_needed,
)


def test_the_assumed_variance_is_that_of_paired_verdicts() -> None:
    independent = assumed_variance(0.6, 0.05, correlation=0.0)
    assert independent.of_samples(1) == pytest.approx(0.6 * 0.4 + 0.65 * 0.35)
    assert independent.of_samples(8) == independent.of_samples(1)  # nothing is known of samples
    with pytest.raises(ValueError, match="cannot have a correlation"):
        assumed_variance(0.1, 0.8, correlation=0.9)
    with pytest.raises(ValueError, match="between 0 and 1"):
        assumed_variance(0.99, 0.05, correlation=0.5)


def test_the_measured_variance_tells_problems_from_samples() -> None:
    rng = np.random.default_rng(0)
    problems, samples = 4000, 4
    chance = rng.beta(2, 2, problems)[:, None] * 0.8
    first = rng.random((problems, samples)) < chance
    other = rng.random((problems, samples)) < chance + 0.1
    variance = measured_variance(first.astype(float), other.astype(float))
    assert variance.between == pytest.approx(0.0, abs=0.01)  # the true gain is the same on every problem
    assert variance.within == pytest.approx(
        float((chance * (1 - chance) + (chance + 0.1) * (0.9 - chance)).mean()), 0.03
    )
    assert measured_variance(first[:, :1].astype(float), other[:, :1].astype(float)).within == 0.0


def test_more_samples_need_fewer_problems_down_to_what_differs_between_problems() -> None:
    variance = PairedVariance(between=0.1, within=0.3)
    needed = [problems_needed(variance.of_samples(samples), 0.03) for samples in (1, 2, 4, 1000)]
    assert needed == sorted(needed, reverse=True)
    assert needed[-1] == pytest.approx(problems_needed(0.1, 0.03), rel=0.01)
    assert gain_found(0.4, problems_needed(0.4, 0.03)) == pytest.approx(0.03, rel=0.001)


def test_runs_of_the_recommended_size_find_the_gain_in_four_of_five() -> None:
    """By the test that the size is for: a two-sided z test of the paired differences."""
    rng = np.random.default_rng(2)
    baseline, gain, correlation = 0.6, 0.05, 0.5
    problems = problems_needed(assumed_variance(baseline, gain, correlation).of_samples(1), gain)
    both = baseline * (baseline + gain) + correlation * sqrt(
        baseline * (1 - baseline) * (baseline + gain) * (1 - baseline - gain)
    )
    chances = (both, baseline - both, baseline + gain - both, 1 - 2 * baseline - gain + both)
    counts = rng.multinomial(problems, chances, size=2000)
    gained, lost = counts[:, 2], counts[:, 1]
    mean = (gained - lost) / problems
    error = np.sqrt(((gained + lost) / problems - mean**2) / problems)
    assert float((np.abs(mean) > 1.96 * error).mean()) == pytest.approx(0.8, abs=0.03)
