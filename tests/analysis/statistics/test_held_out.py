"""The best level, chosen on one half and measured on the other, has no winner's curse."""

from __future__ import annotations

import numpy as np

from s1m.analysis.statistics.held_out import at_held_out_best, halves


def test_the_halves_are_even_and_the_same_again() -> None:
    for problems in (2, 21, 256):
        second = halves(problems)
        assert abs(int(second.sum()) * 2 - problems) <= 1
        assert (second == halves(problems)).all()


def test_a_level_that_is_best_everywhere_is_chosen() -> None:
    correct = np.zeros((40, 3))
    correct[:, 1] = 1
    assert (at_held_out_best(correct, halves(40)) == 1).all()


def test_levels_that_are_equally_good_show_no_gain_where_the_best_of_them_does() -> None:
    rng = np.random.default_rng(0)
    picked, held_out = [], []
    for _ in range(400):
        correct = (rng.random((100, 8)) < 0.5).astype(float)
        picked.append(correct.mean(axis=0).max() - 0.5)
        held_out.append(at_held_out_best(correct, halves(100)).mean() - 0.5)
    assert np.mean(picked) > 0.05
    assert abs(float(np.mean(held_out))) < 0.01
