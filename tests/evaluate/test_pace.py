"""How long the rest of a run takes: a sane estimate from the first problem on."""

from __future__ import annotations

import pytest

from s1m.evaluate.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_known_before_the_first_problem() -> None:
    assert Pace(pending=9, at_once=3).seconds_left is None


@pytest.mark.parametrize("at_once", [1, 8, 64])
def test_the_estimate_is_within_a_factor_of_two_all_the_way(at_once: int) -> None:
    """Each problem takes 10 s, give or take 2; ``at_once`` of them are in flight at a time."""
    clock = Clock()
    problems = 256
    workers = [(8.0 + (4.0 * number) / at_once, number) for number in range(at_once)]
    landings: list[float] = []
    free = sorted(workers)
    begun = at_once
    while free:
        ended, number = free.pop(0)
        landings.append(ended)
        if begun < problems:
            begun += 1
            free = sorted([*free, (ended + 10.0, number)])
    pace = Pace(pending=problems, at_once=at_once, clock=clock)
    for landed, at in enumerate(landings, start=1):
        clock.now = at
        pace.count(tokens=100)
        truth, estimate = landings[-1] - at, pace.seconds_left
        assert estimate is not None
        if landed < problems - at_once:  # of the last ones it is a few seconds either way
            assert truth / 2 - 1 <= estimate <= 2 * truth + 1, (landed, truth, estimate)
    assert pace.seconds_left == 0
    assert pace.tokens_per_second == pytest.approx(25_600 / landings[-1])


def test_loading_the_model_is_not_counted() -> None:
    clock = Clock()
    pace = Pace(pending=2, at_once=1, clock=clock)
    clock.now = 50.0
    pace.start()
    clock.now = 60.0
    pace.count(100)
    assert (pace.seconds, pace.tokens_per_second) == (10.0, 10.0)
    assert pace.seconds_left == pytest.approx(10 * 0.5 / 1.5)
