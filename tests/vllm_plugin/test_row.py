"""The state of a forced request: what it makes of what the model draws, and what it reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from s1m.engines.vllm.chain import Plan
from s1m.engines.vllm.protocol import GeneratedChoice
from s1m.vllm_plugin.row import Row, Rules, mixed

CLOSE, END, OTHER_END = 90, 91, 92
WAIT = (80, 81)
DIGITS = tuple(range(50, 60))
RULES = Rules(
    close=CLOSE,
    turn_ends=frozenset({END, OTHER_END}),
    end_of_turn=END,
    ignores=(WAIT,),
    num_ignore=2,
    max_thinking_tokens=100,
)


def written(rules: Rules, draws: Iterable[int]) -> list[int]:
    """The tokens of a request whose model draws these, until its thinking is over."""
    row, given_away = Row(rules=rules, seed=0), iter(draws)
    while row.advance_to(len(row.ids)):
        token = next(given_away, None)
        if token is None:
            break
        row.take(token)
    return row.ids


def test_ignore_strings_take_the_place_of_the_first_stops() -> None:
    # What is drawn while an ignore string is given is thrown away.
    assert written(RULES, [1, 2, CLOSE, 7, 3, CLOSE, 7, 4, CLOSE]) == [1, 2, *WAIT, 3, *WAIT, 4, CLOSE]


def test_ignore_strings_take_turns() -> None:
    rules = replace(RULES, ignores=((80,), (82, 83, 84)), num_ignore=3)
    drawn = [1, CLOSE, 1, CLOSE, 7, 7, 1, CLOSE, 1, CLOSE]
    assert written(rules, drawn) == [1, 80, 1, 82, 83, 84, 1, 80, 1, CLOSE]


def test_an_early_end_of_turn_is_ignored_or_let_through() -> None:
    assert written(RULES, [1, END, 7, 2, OTHER_END, 7, 3, END]) == [1, *WAIT, 2, *WAIT, 3, END]
    assert written(replace(RULES, take_back_turn_end=False), [1, END]) == [1, END]


def test_thinking_is_closed_where_its_budget_ends() -> None:
    rules = replace(RULES, max_thinking_tokens=5)
    assert written(rules, [1, 2, CLOSE, 7, 3, 4, 5, 6]) == [1, 2, *WAIT, 3, 4, 5, CLOSE]
    # A stop with the last token of the budget is no more ignored; an empty segment counts as one token.
    assert written(rules, [1, 2, 3, 4, 5, CLOSE]) == [1, 2, 3, 4, 5, CLOSE]
    assert written(replace(rules, max_thinking_tokens=1, num_ignore=1), [CLOSE]) == [CLOSE]


def test_thinking_may_not_end_before_its_minimum_nor_right_after_an_ignored_stop() -> None:
    row = Row(rules=replace(RULES, min_thinking_tokens=2), seed=0)
    barring = []
    for drawn in (1, 2, CLOSE, 7, 3, 4):
        row.advance_to(len(row.ids))
        barring.append(row.barring)
        row.take(drawn)
    assert row.ids == [1, 2, *WAIT, 3, 4]
    assert barring == [True, True, False, False, True, False]


def test_a_thought_that_repeats_itself_is_closed() -> None:
    looping = written(RULES, [1, CLOSE, 7] + [5, 6, 7, 8] * 100)
    assert looping[-1] == CLOSE
    assert 40 < len(looping) < 120
    assert len(written(replace(RULES, watch_loops=False, max_thinking_tokens=300), [5, 6, 7, 8] * 100)) == 301


def test_tokens_that_vllm_throws_away_are_forgotten() -> None:
    row = Row(rules=RULES, seed=0)
    for drawn in (1, CLOSE, 7):
        row.take(drawn)
    assert row.ids == [1, *WAIT]
    assert row.advance_to(1)  # both tokens of the ignore string are taken back
    assert row.take(2) == 2
    assert row.take(CLOSE) == WAIT[0]
    assert row.starts == [2]


def test_the_end_of_the_thinking_can_be_taken_back_too() -> None:
    row = Row(rules=replace(RULES, num_ignore=0), seed=0)
    row.take(CLOSE)
    assert row.over
    assert row.advance_to(0)
    assert not row.over
    assert row.take(1) == 1


def test_a_request_of_which_only_the_tokens_are_known_goes_on() -> None:
    row = Row(rules=RULES, seed=0).resumed([1, 2, *WAIT, 3, 80])
    assert row.starts == [2]
    assert row.take(CLOSE) == 80
    assert not Row(rules=RULES, seed=0).resumed([1, 2, CLOSE, 5]).advance_to(4)


def test_numbers_depend_on_seed_and_position_alone_and_look_even() -> None:
    assert mixed(1, 2) != mixed(2, 1)
    row = Row(rules=RULES, seed=3)
    numbers = []
    for _ in range(4000):
        numbers.append(row.uniform())
        row.ids.append(0)
    assert len(set(numbers)) == 4000
    assert all(0 <= number < 1 for number in numbers)
    tenths = [sum(tenth <= 10 * number < tenth + 1 for number in numbers) for tenth in range(10)]
    assert all(320 < count < 480 for count in tenths)
    assert Row(rules=RULES, seed=3).uniform() == numbers[0] != Row(rules=RULES, seed=3).uniform(1)


def test_a_segment_is_drawn_alike_in_a_chain_and_in_requests_of_its_own() -> None:
    chain = Row(rules=RULES, seed=3, later_seeds=(8, 9))
    numbers: list[float] = []
    for drawn in (1, 2, CLOSE, 0, 3, CLOSE, 0, 4):
        numbers.append(chain.uniform())
        chain.take(drawn)
    alone: list[float] = []
    for seed, length in ((3, 3), (8, 2), (9, 1)):
        row = Row(rules=RULES, seed=seed)
        for _ in range(length):
            alone.append(row.uniform())
            row.ids.append(0)
    assert [numbers[at] for at in (0, 1, 2, 4, 5, 7)] == alone
    assert Row(rules=RULES, seed=3, drawn_before=2).uniform() == alone[2]  # a stream that broke off goes on
    assert chain.resumed(chain.ids).uniform() == chain.uniform()
    without = Row(rules=RULES, seed=3).resumed([1, 2, *WAIT])
    assert without.uniform() not in (numbers[0], alone[3])


tokens = st.sampled_from([1, 2, 3, 80, 81, CLOSE, CLOSE, END])


@given(draws=st.lists(tokens, max_size=60), most=st.integers(1, 30), minimum=st.integers(0, 5))
def test_the_client_finds_every_segment_as_the_model_wrote_it(draws: list[int], most: int, minimum: int) -> None:
    """Also where the model writes the ignore string itself, ends its turn or runs out of budget."""
    plan = Plan(close=CLOSE, ignores=(WAIT,) * 2, digits=DIGITS, min_tokens=min(minimum, most), max_tokens=most)
    rules = replace(
        RULES,
        min_thinking_tokens=plan.min_tokens,
        max_thinking_tokens=most,
        take_back_turn_end=False,
        report_digits=DIGITS,
        watch_loops=False,
    )
    ids, segments, finish = forced_by_hand(rules, draws)
    if finish is None:
        return  # the draws ran out
    stop_reason = CLOSE if ids[-1] == CLOSE else None
    choice = GeneratedChoice(token_ids=ids, text="", finish_reason="stop", stop_reason=stop_reason)
    stretches = plan.stretches(choice)
    assert stretches is not None
    assert [list(stretch.ids) for stretch in stretches] == segments
    assert [stretch.finish for stretch in stretches] == ["stop"] * (len(segments) - 1) + [finish]
    assert len(ids) <= plan.all_tokens


def forced_by_hand(rules: Rules, draws: Sequence[int]) -> tuple[list[int], list[list[int]], str | None]:
    """The request's tokens, and budget forcing done by hand on the same draws: segments, and how the last one ends."""
    row, left = Row(rules=rules, seed=0), list(draws)
    segments: list[list[int]] = [[]]
    finish: str | None = None
    while row.advance_to(len(row.ids)):
        starts = len(row.starts)
        forced = row._forced(len(row.ids)) is not None
        if forced:
            row.take(0)
            continue
        spent = sum(max(1, len(segment)) for segment in segments[:-1]) + len(segments[-1])
        if not left and spent < rules.max_thinking_tokens:
            return row.ids, segments, None
        drawn = left.pop(0) if left else 1
        if row.barring and drawn in rules.enders:
            continue  # masked, so drawn again
        row.take(drawn)
        if spent >= rules.max_thinking_tokens:
            finish = "length"
        elif drawn == CLOSE:
            finish = "stop"
            if len(row.starts) > starts:
                segments.append([])
        elif drawn == END:
            finish = "eos"
        else:
            segments[-1].append(drawn)
    return row.ids, segments, finish
