"""Every reader and scorer gets a bounded text: no response makes one fail, none takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1m.benchmarks import find_benchmark
from s1m.scoring.answer import committed
from s1m.scoring.equality.match import same_integer, same_letter, same_list, same_number, same_relaxed, same_text
from s1m.scoring.equality.value import value_of
from s1m.scoring.official.mathvista import edit_distance
from s1m.scoring.readers.numbers import last_integer
from s1m.scoring.text.bounds import MOST_CHARACTERS, official_part, shortened, tail
from tests.guards import SECONDS
from tests.scoring.hostile import EXTRAS, PROBLEMS, UNITS, problem_of
from tests.scoring.test_answer import KINDS, LENGTHS

LONG = 20_000
STRIDE = 16
"""Every problem meets one text in 16, each another; together they meet all."""


def texts(first: int) -> list[str]:
    every = [*(unit * (LONG // len(unit)) for unit in UNITS), *EXTRAS]
    return every[first % STRIDE :: STRIDE]


@pytest.mark.parametrize("index", range(len(PROBLEMS)))
def test_no_scorer_fails_or_takes_long(index: int) -> None:
    name, problem = PROBLEMS[index]
    page = find_benchmark(name)
    for text in texts(index):
        for extraction in (None, text):
            start = time.process_time()
            page.score(problem, text, extraction)
            assert time.process_time() - start < SECONDS, (name, text[:20])


@pytest.mark.parametrize("unit", ["0", "故选", "\\boxed{", "<think>", "</s>", "so ", "a"])
def test_five_million_characters_take_no_longer(unit: str) -> None:
    text = unit * (5_000_000 // len(unit))
    for name, problem in (PROBLEMS[2], PROBLEMS[3], PROBLEMS[11], PROBLEMS[22]):
        start = time.process_time()
        find_benchmark(name).score(problem, text, text)
        assert time.process_time() - start < SECONDS, (name, unit)


def test_a_number_of_1500_groups_is_no_answer() -> None:
    number = "1" + ",234" * 1500
    for kind in KINDS:
        assert committed(f"The answer is {number}", kind=kind, choices=LENGTHS).rule
    assert committed(f"{number}\n\nThe answer is 7.", kind="integer").prediction == "7"


def test_long_digits_are_compared_without_being_read() -> None:
    long = "9" * 5000
    for same in (same_integer, same_number, same_relaxed, same_list, same_text, same_letter):
        assert same(long, "7") is False
    assert value_of(long) is None
    assert last_integer(f"{long} and 7") == "7"


def test_the_middle_of_a_long_text_is_left_out() -> None:
    text = "a b " * 100_000
    assert len(shortened(text)) <= MOST_CHARACTERS
    assert shortened("short") == "short"
    assert len(official_part(text)) <= 20_000
    assert tail("x" * 7000) == ""
    assert tail("word " * 2000, 5998) == "word " * 1199


def test_edit_distance_of_a_long_extraction_is_exact() -> None:
    assert edit_distance("ab" * 8000, "abba") == 16_000 - 4
    problem = problem_of("no", ("yes", "no"), {"question_type": "multi_choice", "answer_type": "text"})
    assert find_benchmark("mathvista").score(problem, "", "n" * 5_000_000).official is True


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.sampled_from((*UNITS, *EXTRAS[-9:])), st.text(max_size=6)), max_size=10),
    st.sampled_from(PROBLEMS),
    st.integers(1, 40),
)
def test_no_response_makes_a_scorer_fail(pieces: list[str], named: tuple[str, object], times: int) -> None:
    name, problem = named
    text = "".join(piece * times for piece in pieces)
    verdict = find_benchmark(name).score(problem, text)  # type: ignore[arg-type]
    assert verdict.rule
    assert verdict.prediction is None or verdict.prediction
