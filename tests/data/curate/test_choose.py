"""Choosing among rows that pass: duplicates, quotas, and s1's choice of domains and lengths."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import msgspec
import pytest

from s1m.data.curate.choose import beyond_choice, choose, choose_s1, duplicates, longest_first
from s1m.data.curate.finding import Finding
from s1m.data.curate.settings import CurateSettings
from s1m.data.curate.signature import signature
from s1m.datasets.source import Source
from tests.datasets.sets import picture

SETTINGS = CurateSettings(data=(Source(path="digits"),), out="out", filters=("choice",))


def finding(number: int, tokens: int, domain: str = "", question: str = "") -> Finding:
    asked = question or f"Question number {number}: how many of the squares of side {number} fit into the picture?"
    return Finding(number=number, id=f"row{number}", tokens=tokens, domain=domain, signature=signature(asked, ()))


def test_of_one_question_the_longest_rows_stay() -> None:
    same = "What is the length of the segment from A to the middle of BC in the triangle that is shown?"
    rows = [finding(0, 10, question=same), finding(1, 30, question=same), finding(2, 20, question=same), finding(3, 5)]
    assert set(duplicates(rows, 1)) == {0, 2}
    refused = duplicates(rows, 2)
    assert set(refused) == {0}
    assert refused[0].startswith("the same question, exact: of row1")


def test_one_question_about_two_pictures_is_two_questions() -> None:
    rows = [
        Finding(number=number, id=f"row{number}", signature=signature("How many?", (picture(red=red),)))
        for number, red in enumerate((10, 200))
    ]
    assert not duplicates(rows, 1)


def test_a_copy_of_a_row_never_stays() -> None:
    original = finding(0, 10)
    repeated = Finding(number=1, id="row0", tokens=10, signature=original.signature)
    assert duplicates([original, repeated], 5) == {1: "the same row: row0"}


def test_what_is_left_out_does_not_depend_on_the_order_of_equal_rows() -> None:
    rows = [finding(number, tokens=number % 7) for number in range(40)]
    shuffled = random.Random(1).sample(rows, len(rows))
    assert longest_first(rows) == longest_first(shuffled)
    wanted = beyond_choice(rows, replace(SETTINGS, keep=9))
    assert beyond_choice(shuffled, replace(SETTINGS, keep=9)) == wanted


@pytest.mark.parametrize("how", ["s1", "longest", "random"])
def test_the_same_rows_in_another_order_give_the_same_choice(how: str) -> None:
    rows = [finding(number, tokens=number % 3, domain="ab"[number % 2]) for number in range(30)]
    shuffled = [
        msgspec.structs.replace(row, number=place) for place, row in enumerate(random.Random(2).sample(rows, 30))
    ]
    names = [{row.number: row.id for row in some} for some in (rows, shuffled)]
    chosen = [choose(some, 9, how, random.Random(5)) for some in (rows, shuffled)]
    assert {names[0][number] for number in chosen[0]} == {names[1][number] for number in chosen[1]}


def test_no_domain_gets_more_than_its_quota_and_keeps_its_longest() -> None:
    rows = [finding(number, tokens=number, domain="ab"[number % 2]) for number in range(10)]
    refused = beyond_choice(rows, replace(SETTINGS, quotas={"a": 2}))
    assert set(refused) == {0, 2, 4}
    assert set(refused.values()) == {"beyond the quota: a"}


def test_without_a_number_all_are_kept() -> None:
    assert not beyond_choice([finding(number, 1) for number in range(5)], SETTINGS)
    assert not beyond_choice([finding(number, 1) for number in range(5)], replace(SETTINGS, keep=5))


def test_s1_takes_domains_evenly_and_long_rows_rather_than_short_ones() -> None:
    many = [finding(number, tokens=number, domain="many") for number in range(1000)]
    few = [finding(1000 + number, tokens=number, domain="few") for number in range(200)]
    preferred = longest_first([*many, *few])
    chosen = choose_s1(preferred, 200, random.Random(0))
    assert len(chosen) == 200
    domains = Counter("few" if number >= 1000 else "many" for number in chosen)
    assert 70 <= domains["few"] <= 130  # drawn evenly, whatever their sizes
    assert min(number for number in chosen if number < 1000) > 700  # nearly only the longest
    assert choose_s1(preferred, 200, random.Random(0)) == chosen


def test_s1_goes_on_with_the_others_when_a_domain_is_used_up() -> None:
    rows = [finding(0, 1, "a"), *(finding(number, number, "b") for number in range(1, 20))]
    assert len(choose_s1(longest_first(rows), 15, random.Random(3))) == 15


def test_the_other_ways_to_choose() -> None:
    rows = [finding(number, tokens=number) for number in range(50)]
    assert choose(rows, 5, "longest", random.Random(0)) == {45, 46, 47, 48, 49}
    assert len(choose(rows, 5, "random", random.Random(0))) == 5
    assert choose(rows, 5, "random", random.Random(0)) != choose(rows, 5, "random", random.Random(1))


def test_ranks_are_halved_in_weight() -> None:
    draws: Counter[int] = Counter()
    rows = [finding(number, tokens=100 - number) for number in range(6)]
    for seed in range(2000):
        draws.update(choose_s1(rows, 1, random.Random(seed)))
    shares = [draws[number] / 2000 for number in range(4)]
    assert shares == pytest.approx([0.508, 0.254, 0.127, 0.063], abs=0.035)
