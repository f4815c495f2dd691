"""Exact repetition at the end of a text, and what only looks like it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.forcing.loops import MIN_COPIES, MIN_PERIOD, MIN_SPAN, MIN_SPAN_SHORT, WINDOW, find_loop

SENTENCE = "Let me compute the area of the triangle again. "


def test_a_repeated_sentence_is_a_loop_from_its_first_copy() -> None:
    text = "We are given a triangle:\n" + SENTENCE * 8
    loop = find_loop(text)
    assert loop is not None
    assert loop.period == len(SENTENCE)
    assert loop.copies == 8
    assert text[: loop.start] == "We are given a triangle:\n"


def test_a_loop_that_breaks_off_in_mid_copy_is_still_one() -> None:
    assert find_loop("Given. " + SENTENCE * 7 + SENTENCE[:13]) is not None


def test_a_loop_over_several_lines() -> None:
    assert find_loop("Step one.\nStep two is to add.\nStep three is to divide.\nSo we have x = 4.\n" * 6) is not None


@pytest.mark.parametrize(
    "honest",
    [
        "",
        "a",
        SENTENCE,
        SENTENCE * 2,
        "| a | b |\n|---|---|\n" + "".join(f"| {i} | {i * i} |\n" for i in range(60)),
        "-" * 200,
        "0.3333333333333333333333333333333333333333333333333333333333",
        " ".join(str(i) for i in range(400)),
        "".join(f"{i}. Check item {i} of the list.\n" for i in range(80)),
        "Wait, let me recompute. 3 + 4 = 7. Wait, let me recompute. 3 + 4 = 7. Then 7 * 2 = 14.",
    ],
)
def test_honest_text_is_no_loop(honest: str) -> None:
    assert find_loop(honest) is None


def test_a_short_pattern_is_a_loop_only_when_it_runs_away() -> None:
    assert find_loop("!" * (MIN_SPAN_SHORT - 1)) is None
    assert find_loop("!" * MIN_SPAN_SHORT) is not None


def test_it_works_on_any_units() -> None:
    loop = find_loop([0, *list(range(1, 31)) * 9])
    assert loop is not None
    assert (loop.start, loop.period) == (1, 30)


def test_an_old_loop_starts_where_the_window_does() -> None:
    loop = find_loop(SENTENCE * (2 * WINDOW // len(SENTENCE)))
    assert loop is not None
    assert loop.start > 0


@given(
    st.text(string.ascii_letters, max_size=40),
    st.text(string.ascii_lowercase, min_size=MIN_PERIOD, max_size=60),
    st.integers(0, 59),
)
def test_every_runaway_is_found_with_its_primitive_period(before: str, pattern: str, cut: int) -> None:
    copies = max(MIN_COPIES, MIN_SPAN_SHORT // len(pattern) + 1)
    text = before + pattern * copies + pattern[:cut]
    loop = find_loop(text)
    assert loop is not None
    tail = text[loop.start :]
    assert tail[loop.period :] == tail[: -loop.period]
    assert len(pattern) % loop.period == 0
    assert loop.start <= len(before)


@given(st.text(max_size=MIN_SPAN - 1))
def test_nothing_short_is_ever_a_loop(text: str) -> None:
    assert find_loop(text) is None
