"""Formulas compared by algebra, within a second each, from any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from s1m.scoring.equality.expression import Algebra, is_too_large, same_expression
from tests.guards import SECONDS

pytest.importorskip("math_verify")


@pytest.fixture(scope="module")
def algebra() -> Iterator[Algebra]:
    algebra = Algebra()
    yield algebra
    algebra.close()


@pytest.mark.parametrize(
    ("prediction", "gold", "same"),
    [
        ("2\\sqrt{3}", "\\sqrt{12}", True),
        ("x^2-1", "(x-1)(x+1)", True),
        ("\\frac{1}{2}", "0.5", True),
        ("4\\pi", "$4 \\pi$", True),
        ("\\sqrt{2}", "1.41", False),
        ("x+1", "x-1", False),
        ("banana", "apple", False),
        ("", "", False),
        ("\\frac{", "1", False),
    ],
)
def test_formulas(algebra: Algebra, prediction: str, gold: str, same: bool) -> None:
    assert same_expression(prediction, gold, algebra) is same


BOMBS = ["9^{9^{9^9}}", "9**9**9", "(x+y+z)^{999}", "\\prod_{i=1}^{9999} (x+i)", "99999!", "1+" * 500, "2^{99999999}"]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_no_match_and_takes_no_more_than_its_time(algebra: Algebra, bomb: str) -> None:
    algebra.same("x+1", "1+x")  # the process runs: its start is not counted
    start = time.perf_counter()
    assert not same_expression(bomb, "x", algebra)
    assert time.perf_counter() - start < SECONDS


def test_the_limit_holds_in_threads_too(algebra: Algebra) -> None:
    parsed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: parsed.append(same_expression("x(x+1)", "x^2+x", algebra))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert parsed == [True] * 4


def test_what_is_refused_unasked() -> None:
    assert is_too_large("9^{9^9}")
    assert is_too_large("x" * 401)
    assert not is_too_large("x^{12} + 3^x")
