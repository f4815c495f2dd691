"""What is a loop, where it begins, and what only looks like one."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s1m.forcing.loops import recurrence, templates
from s1m.forcing.loops.watch import Loop, LoopWatch, find_loop
from tests.cases import cases

SENTENCE = "Let me compute the area of the triangle again. "
PARAGRAPH = (
    "Looking closer, the shaded region is one third of the square, whose sides are each 12 cm long. "
    "So that region covers 48 square centimetres, while everything else in our picture must cover the other 96.\n"
)
READING = "Wait, I read 482, so far 482, even 123.\n"


BEFORE = "The triangle has sides of 3, 4 and 5 cm. We compute its area now. "
SHORT_UNITS = (
    "\n",
    " ",
    "\t",
    "\r\n",
    " \n",
    "\u00a0",
    "a",
    "ha",
    "no",
    "\u0445\u0430",
    "lol",
    "abcd",
    "abcde",
    "banana",
    "abcdefg",
    "password",
)


def fed_in_parts(tokens: Sequence[int] | str, sizes: Sequence[int]) -> Loop | None:
    watch, start, loop = LoopWatch(), 0, None
    for size in [*sizes, len(tokens)]:
        loop = watch.feed(tokens[start : start + size])
        start += size
    return loop


def test_a_repeated_sentence_is_a_loop_from_its_first_copy() -> None:
    text = "We are given a triangle:\n" + SENTENCE * 40
    loop = find_loop(text)
    assert loop is not None
    assert loop.kind == "exact"
    assert loop.period == len(SENTENCE)
    assert text[: loop.start] == "We are given a triangle:\n"
    assert loop.copies == (loop.seen - loop.start) // loop.period


def test_three_copies_of_a_paragraph_are_enough() -> None:
    loop = find_loop("Given. " + PARAGRAPH * 3 + "So")
    assert loop is not None
    assert (loop.kind, loop.copies) == ("exact", 3)
    assert loop.seen <= len("Given. " + PARAGRAPH * 3)
    assert find_loop("Given. " + PARAGRAPH * 2 + "So the answer is 48.") is None


def test_copies_that_drift_are_near() -> None:
    copies = [PARAGRAPH.replace("one third", ("a third", "one third", "a good third")[i % 3]) for i in range(9)]
    loop = find_loop("We begin.\n" + "".join(copies))
    assert loop is not None
    assert loop.kind == "near"
    assert abs(loop.start - len("We begin.\n")) < 20
    assert abs(loop.period - len(PARAGRAPH)) < 10


def test_the_same_words_with_other_numbers_are_near() -> None:
    said = "The area of the large square is {} and the area of the small one is {}, so they differ by {}.\n"
    numbers = [(7, 3, 4), (9, 3, 4), (7, 8, 2), (5, 3, 1), (7, 3, 9), (6, 6, 4), (2, 3, 4), (8, 1, 7)]
    loop = find_loop("We see:\n" + "".join(said.format(*each) for each in numbers))
    assert loop is not None
    assert loop.kind == "near"
    assert 0 <= len("We see:\n") - loop.start <= 1


def test_a_passage_that_keeps_coming_back_is_a_loop_from_its_first_time() -> None:
    between = ["".join(f"{word}{number} " for number in range(90)) for word in ("red", "green", "blue", "grey")]
    passage = PARAGRAPH + SENTENCE + "".join(f"Side {name} is the {name}th. " for name in "abcdefghijklmn")
    text = between[0] + "".join(passage + other for other in between[1:3])
    assert find_loop(text) is None
    loop = find_loop(text + passage + between[3] + passage + between[0])
    assert loop is not None
    assert loop.kind == "passage"
    assert loop.copies >= 3
    assert abs(loop.start - len(between[0])) < 5


@pytest.mark.parametrize(
    "honest",
    [
        "",
        "a",
        SENTENCE,
        SENTENCE * 3,
        "| a | b |\n|---|---|\n" + "".join(f"| {i} | {i * i} |\n" for i in range(60)),
        "-" * 200,
        "0.3333333333333333333333333333333333333333333333333333333333",
        "0." + "142857" * 30,
        " ".join(str(i) for i in range(400)),
        "".join(f"{i}. Check item {i} of the list.\n" for i in range(80)),
        "Wait, let me recompute. 3 + 4 = 7. " * 4 + "Then 7 * 2 = 14.",
        "I read 482, so far 482, even 123.\n" + READING * 7,
        "".join(f"For n = {n}: {n}^2 + 1 = {n * n + 1}, which {n} does not divide.\n" for n in range(1, 21)),
        "".join(f"    values[{i}] = compute(values[{i - 1}], {i * 7 % 10})\n" for i in range(1, 17)),
        "首先我们计算三角形的面积。然后计算正方形的面积。再看圆的周长。" * 2 + "所以答案是七。",
    ],
)
def test_honest_text_is_no_loop(honest: str) -> None:
    assert find_loop(honest) is None


def test_a_run_of_one_sign_is_a_loop_only_when_it_runs_away() -> None:
    assert find_loop("!" * 250) is None
    loop = find_loop("So!" + "!" * 400)
    assert loop is not None
    assert (loop.period, loop.kind) == (1, "exact")


def test_counting_on_in_the_same_words_is_a_loop_in_the_end() -> None:
    lines = [f"{i}. Check item {i} of the list.\n" for i in range(templates.COUNTED + 20)]
    assert find_loop("".join(lines[: templates.COUNTED - 5])) is None
    loop = find_loop("".join(lines))
    assert loop is not None
    assert (loop.kind, loop.start) == ("near", 0)


def test_ids_are_read_like_pieces() -> None:
    loop = find_loop([0, *list(range(1, 31)) * 9])
    assert loop is not None
    assert (loop.start, loop.period, loop.kind) == (1, 30, "exact")


def test_nothing_is_read_behind_a_loop() -> None:
    watch = LoopWatch()
    loop = watch.feed(PARAGRAPH * 5)
    assert loop is not None
    assert watch.feed("Anything else. " * 50) == loop
    assert find_loop(PARAGRAPH * 5 + "In the end, all is well.") == loop


@given(
    st.lists(st.integers(1000, 2000), unique=True, max_size=60),
    st.lists(st.integers(0, 50), min_size=1, max_size=60),
    st.integers(0, 59),
)
def test_every_runaway_is_detected_with_its_primitive_period(before: list[int], pattern: list[int], cut: int) -> None:
    copies = 3 + 400 // len(pattern)
    tokens = before + pattern * copies + pattern[:cut]
    loop = find_loop(tokens)
    assert loop is not None
    if loop.kind == "exact":
        tail = tokens[loop.start : loop.seen]
        assert tail[loop.period :] == tail[: -loop.period]
        assert len(pattern) % loop.period == 0
        roots = [root for root in range(1, loop.period) if loop.period % root == 0]
        assert not any(tail[root:] == tail[:-root] for root in roots)


@given(st.text(string.ascii_lowercase + "   ", min_size=1, max_size=200), st.integers(10, 40))
def test_what_stands_before_does_not_change_the_verdict(pattern: str, copies: int) -> None:
    before = "WE WERE GIVEN A SQUARE; NOTHING ELSE WAS SAID OF IT. "
    alone, behind = find_loop((pattern + ".") * copies), find_loop(before + (pattern + ".") * copies)
    assert (alone is None) == (behind is None)
    if alone and behind:
        assert (alone.kind, alone.period) == (behind.kind, behind.period)
        assert abs(behind.start - len(before) - alone.start) <= 3


@settings(max_examples=40)
@given(st.lists(st.integers(1, 200), max_size=40), st.sampled_from(["exact", "near", "numbers", "ids", "honest"]))
def test_how_it_is_fed_makes_no_difference(sizes: list[int], what: str) -> None:
    texts: dict[str, Sequence[int] | str] = {
        "exact": "Given: " + SENTENCE * 30,
        "near": "".join(PARAGRAPH.replace("cover", ("has", "cover", "show")[i % 3]) for i in range(12)),
        "numbers": "".join(f"The red bar ends at {i * 37 % 90} and the blue bar ends below it.\n" for i in range(30)),
        "ids": list(range(40, 90)) * 8,
        "honest": "".join(f"{i}. Check item {i} of the list.\n" for i in range(60)),
    }
    tokens = texts[what]
    assert fed_in_parts(tokens, sizes) == find_loop(tokens)
    assert (find_loop(tokens) is None) == (what == "honest")


class Counted(int):
    """A token that counts how often it is compared or looked up."""

    uses = 0

    def __hash__(self) -> int:
        Counted.uses += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Counted.uses += 1
        return super().__eq__(other)


def test_a_token_costs_the_same_however_many_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def counted(look: Callable[..., object]) -> Callable[..., object]:
        def counting(*given: object) -> object:
            looks.append(1)
            return look(*given)

        return counting

    for name in ("exact", "near", "passage"):
        monkeypatch.setattr(recurrence, name, counted(getattr(recurrence, name)))
    text = [(i * i * 7919 + i // 3) % 997 for i in range(30_000)]
    watch = LoopWatch()
    costs = []
    for start in range(0, len(text), 10_000):
        before = Counted.uses
        assert watch.feed([Counted(token) for token in text[start : start + 10_000]]) is None
        costs.append(Counted.uses - before)
    assert max(costs) - min(costs) < 0.1 * max(costs)
    assert len(looks) < len(text) / recurrence.PATIENCE


@pytest.mark.shared_data
def test_reported_loops_are_seen() -> None:
    for case in cases("loops"):
        assert (find_loop(BEFORE + case["unit"] * case["times"]) is not None) == case["loop"], case


@pytest.mark.parametrize("unit", SHORT_UNITS)
def test_a_short_unit_without_blanks_is_a_loop_after_hundreds_of_copies(unit: str) -> None:
    text = BEFORE + unit * 600
    loop = find_loop(text)
    assert loop is not None
    assert abs(loop.start - len(BEFORE)) <= 17
    assert loop.seen - len(BEFORE) <= 280 * len(unit) + 16
    for size in (1, 7, 16, 100):
        assert fed_in_parts(text, [size] * (len(text) // size)) == loop


@pytest.mark.parametrize("unit", SHORT_UNITS)
def test_a_few_dozen_copies_of_a_short_unit_are_no_loop(unit: str) -> None:
    assert find_loop(f"{BEFORE}{unit * 60} and so it goes on. {BEFORE}") is None
