"""Fronts and areas of curves, against points that can be drawn by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.analysis.statistics.curves import common_range, mean_accuracy, pareto_front

points = st.tuples(st.floats(1, 1e4), st.floats(0, 1))


def test_the_front_holds_what_nothing_beats() -> None:
    drawn = [(10, 0.5), (20, 0.4), (20, 0.7), (30, 0.7), (5, 0.5), (40, 0.9)]
    assert pareto_front(drawn) == [4, 2, 5]
    assert pareto_front([]) == []
    assert pareto_front([(1, 0.0)]) == [0]


@given(st.lists(points, min_size=1))
def test_every_point_off_the_front_is_beaten_by_one_on_it_and_none_on_it_is(drawn: list[tuple[float, float]]) -> None:
    def beats(point: tuple[float, float], other: tuple[float, float]) -> bool:
        return point[0] <= other[0] and point[1] >= other[1] and point != other

    front = pareto_front(drawn)
    for index, point in enumerate(drawn):
        beaten = any(beats(drawn[best], point) or drawn[best] == point for best in front if best != index)
        assert beaten or index in front
    assert not any(beats(other, drawn[index]) for index in front for other in drawn)


def test_the_area_is_by_trapezoids_over_the_logarithm_of_cost() -> None:
    # Over log2 of cost the curve goes 0.2, 0.4, 0.6, then stays at 0.6.
    curve = [(4, 0.6), (1, 0.2), (16, 0.6)]
    assert mean_accuracy(curve, 1, 4) == pytest.approx(0.4)
    assert mean_accuracy(curve, 2, 4) == pytest.approx(0.5)
    assert mean_accuracy(curve, 1, 16) == pytest.approx((0.4 * 2 + 0.6 * 2) / 4)
    assert mean_accuracy(curve, 2, 8) == pytest.approx((0.5 + 0.6) / 2)


def test_a_curve_that_does_not_reach_the_range_has_no_area() -> None:
    assert mean_accuracy([(1, 0.2), (4, 0.6)], 2, 8) is None
    assert mean_accuracy([(4, 0.2), (5, 0.6)], 4, 5) is None
    assert mean_accuracy([(4, 0.2)], 4, 4) is None
    assert mean_accuracy([(0, 0.2), (4, 0.6)], 1, 4) is None


def test_the_common_range_is_of_the_curves_that_scale() -> None:
    long, short, smear = [(1.0, 0.1), (8.0, 0.5)], [(2.0, 0.1), (32.0, 0.5)], [(5.0, 0.3), (6.0, 0.4)]
    assert common_range([long, short, smear]) == (2, 8)
    assert common_range([long, [(9.0, 0.1), (20.0, 0.2)]]) is None
    assert common_range([smear]) is None


@given(st.lists(points, min_size=2))
def test_a_mean_accuracy_lies_among_the_accuracies(drawn: list[tuple[float, float]]) -> None:
    span = common_range([drawn])
    mean = mean_accuracy(drawn, *span) if span else None
    if mean is not None:
        assert min(y for _, y in drawn) - 1e-9 <= mean <= max(y for _, y in drawn) + 1e-9
