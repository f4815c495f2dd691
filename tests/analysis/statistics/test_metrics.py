from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from s1m.analysis.statistics.metrics import control, performance, scaling, slope_per_1k_tokens, slopes_per_1k_tokens

# The published curve of S1-M, read off its figure: num_ignore 0 to 7.
TOKENS = [1700, 2430, 2590, 3350, 3330, 3560, 3735, 4155]
ACCURACIES = [0.401, 0.425, 0.420, 0.423, 0.441, 0.417, 0.438, 0.438]


def test_s1_metrics_of_the_published_curve_of_s1m() -> None:
    assert control(TOKENS, 0, [30_000] * 8) == 1.0
    assert control(TOKENS, 2_000, [4_000] * 8) == 6 / 8
    assert scaling(TOKENS, ACCURACIES) == pytest.approx(-0.0231, abs=5e-5)
    assert control([60, 150, 200], 0, [64, 128, 256]) == 2 / 3
    assert performance(ACCURACIES) == 0.441


def test_scaling_turns_on_one_point_where_the_slope_does_not() -> None:
    without_4 = [position for position in range(8) if position != 4]
    tokens, accuracies = [TOKENS[i] for i in without_4], [ACCURACIES[i] for i in without_4]
    assert scaling(tokens, accuracies) == pytest.approx(0.0142, abs=5e-5)
    assert slope_per_1k_tokens(TOKENS, ACCURACIES) == pytest.approx(0.0128, abs=5e-5)
    assert slope_per_1k_tokens(tokens, accuracies) == pytest.approx(0.0120, abs=5e-5)


def test_slope_agrees_with_a_least_squares_fit() -> None:
    fitted = np.polyfit(TOKENS, ACCURACIES, 1)[0] * 1_000
    assert slope_per_1k_tokens(TOKENS, ACCURACIES) == pytest.approx(fitted)
    assert slope_per_1k_tokens([100, 1_100], [0.4, 0.5]) == pytest.approx(0.1)


def test_undefined_metrics_are_none() -> None:
    assert control([], 0, []) is None
    assert control([5], 0, None) is None
    assert performance([]) is None
    for tokens, accuracies in (([], []), ([5.0], [0.5]), ([5.0, 5.0], [0.5, 0.6])):
        assert scaling(tokens, accuracies) is None
        assert slope_per_1k_tokens(tokens, accuracies) is None


def test_scaling_skips_pairs_with_equal_tokens() -> None:
    assert scaling([100, 100, 200], [0.1, 0.3, 0.4]) == pytest.approx((3 + 1) / 2)


def test_slopes_of_resamples_without_spread_are_undefined_alone() -> None:
    slopes = slopes_per_1k_tokens(np.array([[1.0, 1.0], [0.0, 1_000.0]]), np.array([[0.1, 0.2], [0.1, 0.2]]))
    assert np.isnan(slopes[0])
    assert slopes[1] == pytest.approx(0.1)


@given(st.lists(st.floats(0, 1e5), min_size=1), st.floats(0, 1e5), st.floats(0, 1e5))
def test_control_is_a_fraction_and_grows_with_the_budget(tokens: list[float], maximum: float, more: float) -> None:
    fraction, larger = (control(tokens, 0, [most] * len(tokens)) for most in (maximum, maximum + more))
    assert fraction is not None
    assert larger is not None
    assert 0 <= fraction <= larger <= 1


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=9, unique=True), st.floats(-0.5, 0.5))
def test_points_on_a_line_have_the_slope_of_the_line_in_both_measures(tokens: list[int], slope: float) -> None:
    assume(max(tokens) - min(tokens) > 1)
    accuracies = [0.4 + slope * spent / 1_000 for spent in tokens]
    assert scaling(tokens, accuracies) == pytest.approx(slope, abs=1e-9)
    assert slope_per_1k_tokens(tokens, accuracies) == pytest.approx(slope, abs=1e-9)
