"""The algorithm, driven by hand: budgets, levels, stop classes, seeds and the conversation itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.forcing import flow as flows
from s1m.forcing import independent_sweep, nested_sweep
from s1m.forcing.flow import Forcing, after_refusals, can_go_on, derive_seed, think_on
from s1m.forcing.one_chain import one_chain
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.strategy import Flow, Part, Task
from s1m.types import Answer, Completion, Finish, Piece, Segment, Step
from tests.forcing.playing import Reply, play


def forcing(**changes: object) -> Forcing:
    base = Forcing(num_ignore=(0, 1, 2), ignore_strings=("Wait,",), max_thinking_tokens=100, max_answer_tokens=5)
    return replace(base, **changes)  # type: ignore[arg-type]


def said(text: str, tokens: int = 3, finish: Finish = "stop", ids: tuple[int, ...] | None = None) -> Completion:
    return Completion(text=text, tokens=tokens, finish=finish, token_ids=ids)


def text_of(step: Step) -> str:
    return "".join(piece.text for piece in step.prefix)


def closing(step: Step) -> Completion:
    return said("look.\n") if step.stop else said("7", 1, "eos")


def test_the_conversation_word_for_word() -> None:
    _, asked = play(nested_sweep(forcing(), seed=1), closing)
    assert [text_of(step) for step in asked] == [
        "<think>\n",
        "<think>\nlook.\n</think>\nFinal answer: ",
        "<think>\nlook.\nWait,",
        "<think>\nlook.\nWait,look.\n</think>\nFinal answer: ",
        "<think>\nlook.\nWait,look.\nWait,",
        "<think>\nlook.\nWait,look.\nWait,look.\n</think>\nFinal answer: ",
    ]
    assert [step.stop for step in asked] == [("</think>",), ()] * 3


def test_an_answer_is_asked_for_while_the_chain_goes_on() -> None:
    flow = nested_sweep(forcing(num_ignore=(1, 2)), seed=1)
    next(flow)
    (second,) = flow.send([said("look.\n")])
    assert isinstance(second, Step)
    assert text_of(second) == "<think>\nlook.\nWait,"
    asking, going_on = flow.send([said("look.\n")])
    assert [text_of(step) for step in first_of(asking)] == ["<think>\nlook.\nWait,look.\n</think>\nFinal answer: "]
    assert [text_of(step) for step in first_of(going_on)] == ["<think>\nlook.\nWait,look.\nWait,"]


def first_of(part: Step | Generator[Any, Any, Any]) -> list[Step]:
    """The steps that a part begins with, those of its own parts included."""
    return [part] if isinstance(part, Step) else [step for each in next(part) for step in first_of(each)]


def asked_at_the_end(forcing: Forcing, task: Task) -> Part[tuple[tuple[Segment, ...], tuple[Answer, ...]]]:
    """A chain whose answers are only asked for when it has ended."""
    chain: tuple[Segment, ...] = ()
    while len(chain) <= forcing.num_ignore[-1] and (not chain or can_go_on(forcing, chain)):
        chain = yield from think_on(forcing, chain, task.seed)
    answers = yield from flows.answer(forcing, chain, {k: after_refusals(chain, k) for k in forcing.num_ignore}, task)
    return chain, answers


@given(
    seed=st.integers(0, 10**6),
    num_ignore=st.sets(st.integers(0, 5), min_size=1).map(lambda levels: tuple(sorted(levels))),
    budget=st.integers(1, 200),
)
def test_asking_on_the_way_or_at_the_end_is_the_same_token_for_token(
    seed: int, num_ignore: tuple[int, ...], budget: int
) -> None:
    def reply(step: Step) -> Completion:
        rng = random.Random(f"{step.seed} {text_of(step)} {step.choices}")
        if not step.stop:
            return said(rng.choice(["", "7", "8", " "]), rng.randint(1, 5), "eos")
        text = rng.choice(["look. ", "", LOOP, "</ think>", "So the answer is 4", "a\nb "])
        return said(text, rng.randint(1, step.max_tokens), rng.choice(["stop", "eos", "length"]))

    forced = forcing(num_ignore=num_ignore, max_thinking_tokens=budget, chunk_tokens=40)
    task = Task(seed=seed, choices=("7", "8"))
    on_the_way, asked = play(one_chain(forced, task, {level: level for level in num_ignore}), reply)
    at_the_end, asked_then = play(asked_at_the_end(forced, task), reply)
    assert on_the_way == at_the_end
    assert sorted(map(repr, asked)) == sorted(map(repr, asked_then))


def test_every_level_has_its_answer_and_its_thinking() -> None:
    trace, _ = play(nested_sweep(forcing(), seed=1), closing)
    assert [answer.level for answer in trace.answers] == [0, 1, 2]
    assert [trace.thinking_tokens(answer) for answer in trace.answers] == [3, 6, 9]
    assert [answer.stop for answer in trace.answers] == ["closed"] * 3
    assert all(answer.same_as is None for answer in trace.answers)
    assert trace.generated_tokens == 9 + 3


def test_levels_may_be_sparse() -> None:
    trace, asked = play(nested_sweep(forcing(num_ignore=(1, 3)), seed=1), closing)
    assert [answer.segments for answer in trace.answers] == [2, 4]
    assert len(asked) == 4 + 2


def test_generated_pieces_go_back_as_the_tokens_they_were() -> None:
    def reply(step: Step) -> Completion:
        return said("abc", 2, "stop", ids=(11, 12)) if step.stop else said("7", 1, "eos", ids=(9,))

    _, asked = play(nested_sweep(forcing(num_ignore=(1,)), seed=1), reply)
    assert asked[-1].prefix == (
        Piece(text="<think>\n"),
        Piece(text="abc", token_ids=(11, 12)),
        Piece(text="Wait,"),
        Piece(text="abc", token_ids=(11, 12)),
        Piece(text="</think>\nFinal answer: "),
    )


def test_an_end_of_turn_is_ignored_like_an_end_of_thinking() -> None:
    def reply(step: Step) -> Completion:
        return said("hm", 2, "eos") if step.stop else said("7", 1, "eos")

    trace, asked = play(nested_sweep(forcing(), seed=1), reply)
    assert [segment.stop for segment in trace.chains[0]] == ["eos"] * 3
    assert [text_of(step) for step in asked if step.stop][1] == "<think>\nhmWait,"
    assert [answer.stop for answer in trace.answers] == ["eos"] * 3


def test_a_spent_budget_caps_the_chain_and_shares_its_answer() -> None:
    def reply(step: Step) -> Completion:
        return said("x " * step.max_tokens, step.max_tokens, "length") if step.stop else said("7", 1, "eos")

    trace, asked = play(nested_sweep(forcing(max_thinking_tokens=20), seed=1), reply)
    assert [segment.stop for segment in trace.chains[0]] == ["capped"]
    assert [(answer.stop, answer.same_as) for answer in trace.answers] == [
        ("capped", None),
        ("capped", 0),
        ("capped", 0),
    ]
    assert [step.max_tokens for step in asked] == [20, 5]


def test_a_budget_spent_exactly_at_the_close_leaves_nothing_for_higher_levels() -> None:
    def reply(step: Step) -> Completion:
        return said("done", step.max_tokens, "stop") if step.stop else said("7", 1, "eos")

    trace, _ = play(nested_sweep(forcing(max_thinking_tokens=20), seed=1), reply)
    assert len(trace.chains[0]) == 1
    assert [answer.stop for answer in trace.answers] == ["closed", "capped", "capped"]
    assert [answer.same_as for answer in trace.answers] == [None, 0, 0]


def test_levels_beyond_a_short_chain_ask_once_even_when_none_of_them_was_reached() -> None:
    def reply(step: Step) -> Completion:
        return said("x " * step.max_tokens, step.max_tokens, "length") if step.stop else said("7", 1, "eos")

    trace, _ = play(nested_sweep(forcing(num_ignore=(2, 3), max_thinking_tokens=20), seed=1), reply)
    assert [answer.same_as for answer in trace.answers] == [None, 2]


LOOP = "and so we look at the angle once more. " * 18


def thinking_with(*texts: str) -> Reply:
    """A model that thinks these texts, one a step, a loop where one is named LOOP; the last again and again."""
    turns = 0

    def reply(step: Step) -> Completion:
        nonlocal turns
        if not step.stop:
            return said("7", 1, "eos")
        text = texts[min(turns, len(texts) - 1)]
        turns += 1
        return said(text, step.max_tokens, "length") if LOOP in text else said(text)

    return reply


def test_a_loop_is_cut_before_its_first_copy_and_the_chain_continued() -> None:
    reply = thinking_with("Start:\n" + LOOP, "an end.", "Look.")
    trace, asked = play(nested_sweep(forcing(chunk_tokens=20), seed=1), reply)
    first, *others = trace.chains[0]
    assert (first.text, first.tokens, first.stop, first.flaws) == ("Start:\nan end.", 23, "closed", ("looped",))
    assert first.cut_characters == len(LOOP)
    assert [(segment.text, segment.flaws) for segment in others] == [("Look.", ())] * 2
    assert text_of(asked[1]) == "<think>\nStart:\n"
    assert asked[1].seed != asked[0].seed
    assert text_of(asked[2]) == "<think>\nStart:\nan end.</think>\nFinal answer: "
    assert text_of(asked[3]) == "<think>\nStart:\nan end.Wait,"
    assert [(answer.stop, answer.same_as) for answer in trace.answers] == [("closed", None)] * 3


def test_the_second_loop_of_a_segment_ends_it_and_its_end_is_refused() -> None:
    reply = thinking_with("One.\n" + LOOP, "Two.\n" + LOOP, "Three.")
    trace, asked = play(nested_sweep(forcing(chunk_tokens=20), seed=1), reply)
    assert [(segment.text, segment.stop) for segment in trace.chains[0]] == [
        ("One.\nTwo.\n", "looped"),
        ("Three.", "closed"),
        ("Three.", "closed"),
    ]
    assert text_of(asked[2]) == "<think>\nOne.\nTwo.\n</think>\nFinal answer: "
    assert text_of(asked[3]) == "<think>\nOne.\nTwo.\nWait,"
    assert [answer.stop for answer in trace.answers] == ["looped", "closed", "closed"]


def test_a_refusal_that_leads_into_the_next_loop_ends_the_chain_and_the_answer_is_still_asked() -> None:
    reply = thinking_with("Start:\n" + LOOP)
    trace, asked = play(nested_sweep(forcing(num_ignore=(0, 1, 2, 7), max_thinking_tokens=9000), seed=1), reply)
    assert [segment.stop for segment in trace.chains[0]] == ["looped"] * 2
    assert [step.max_tokens for step in asked] == [128, 128, 5] * 2
    assert text_of(asked[-1]) == "<think>\nStart:\nStart:\nWait,Start:\nStart:\n</think>\nFinal answer: "
    assert [answer.stop for answer in trace.answers] == ["looped"] * 4
    assert [answer.same_as for answer in trace.answers] == [None, None, 1, 1]


def test_a_loop_that_spends_the_budget_is_the_end() -> None:
    trace, asked = play(nested_sweep(forcing(max_thinking_tokens=50), seed=1), thinking_with("Start:\n" + LOOP))
    assert [(segment.text, segment.tokens) for segment in trace.chains[0]] == [("Start:\n", 50)]
    assert [step.max_tokens for step in asked] == [50, 5]


def test_minimum_thinking_is_held_behind_a_loop_too() -> None:
    reply = thinking_with("Start:\n" + LOOP, "an end.")
    _, asked = play(nested_sweep(forcing(min_thinking_tokens=60, chunk_tokens=50), seed=1), reply)
    assert [step.min_tokens for step in asked[:3]] == [50, 10, 1]


def test_long_thinking_is_asked_for_in_chunks_that_join() -> None:
    parts = iter(["one ", "two ", "three"])

    def reply(step: Step) -> Completion:
        if not step.stop:
            return said("7", 1, "eos")
        part = next(parts)
        return said(part, 4, "stop" if part == "three" else "length", ids=(len(part),))

    trace, asked = play(nested_sweep(forcing(num_ignore=(0,), chunk_tokens=4), seed=1), reply)
    (segment,) = trace.chains[0]
    assert (segment.text, segment.tokens, segment.token_ids) == ("one two three", 12, (4, 4, 5))
    assert [step.max_tokens for step in asked[:3]] == [4, 4, 4]
    assert len({step.seed for step in asked}) == len(asked)


def test_ids_of_a_segment_are_none_when_one_chunk_has_none() -> None:
    replies = iter([said("a", 4, "length", ids=(1,)), said("b", 1, "stop"), said("7", 1, "eos")])
    trace, _ = play(nested_sweep(forcing(num_ignore=(0,), chunk_tokens=4), seed=1), lambda step: next(replies))
    assert trace.chains[0][0].token_ids is None


def test_minimum_thinking_is_asked_of_the_first_segment_and_one_token_of_the_others() -> None:
    _, asked = play(nested_sweep(forcing(min_thinking_tokens=9), seed=1), closing)
    assert [step.min_tokens for step in asked] == [9, 1, 1, 1, 1, 1]


def test_ignore_strings_take_turns() -> None:
    _, asked = play(
        nested_sweep(forcing(num_ignore=(8,), ignore_strings=IGNORE_STRINGS["s1m"]), seed=1),
        lambda step: said("", 1) if step.stop else said("7", 1, "eos"),
    )
    assert text_of(asked[8]) == "<think>\n" + "".join(IGNORE_STRINGS["s1m"]) + "Wait,"


def test_the_independent_sweep_runs_every_level_from_scratch() -> None:
    trace, asked = play(independent_sweep(forcing(), seed=1), closing)
    assert [len(chain) for chain in trace.chains] == [1, 2, 3]
    assert [(answer.chain, answer.segments) for answer in trace.answers] == [(0, 1), (1, 2), (2, 3)]
    assert len(asked) == 6 + 3
    assert trace.generated_tokens == 6 * 3 + 3
    assert len({step.seed for step in asked}) == len(asked)


def test_seeds_are_reproducible_and_differ_by_place() -> None:
    assert derive_seed(1, "a", 2) == derive_seed(1, "a", 2)
    assert len({derive_seed(s, p, i) for s in (0, 1) for p in ("a", "b") for i in (0, 1)}) == 8
    assert 0 <= derive_seed(7) < 2**31


def test_records_leave_the_token_ids_out() -> None:
    trace, _ = play(nested_sweep(forcing(), seed=1), lambda s: said("a", 1, "stop", (5,)) if s.stop else closing(s))
    assert trace.chains[0][0].token_ids == (5,)
    assert all(segment.token_ids is None for chain in trace.without_token_ids().chains for segment in chain)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"num_ignore": ()}, "num_ignore"),
        ({"num_ignore": (2, 1)}, "rising"),
        ({"num_ignore": (-1, 0)}, "num_ignore"),
        ({"ignore_strings": ()}, "ignore_strings"),
        ({"thinking_close": ""}, "thinking_close"),
        ({"max_thinking_tokens": 0}, "max_thinking_tokens"),
        ({"max_answer_tokens": 0}, "max_answer_tokens"),
        ({"chunk_tokens": 0}, "chunk_tokens"),
        ({"min_thinking_tokens": 101}, "min_thinking_tokens"),
        ({"min_thinking_tokens": -1}, "min_thinking_tokens"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        forcing(**changes)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Forcing, list[tuple[float, Finish]]]:
    budget = draw(st.integers(1, 60))
    settings_ = Forcing(
        num_ignore=tuple(sorted(draw(st.sets(st.integers(0, 9), min_size=1)))),
        ignore_strings=("Wait,", "Hmm,"),
        max_thinking_tokens=budget,
        max_answer_tokens=draw(st.integers(1, 9)),
        min_thinking_tokens=draw(st.integers(0, budget)),
        chunk_tokens=draw(st.integers(1, 20)),
    )
    finishes: st.SearchStrategy[Finish] = st.sampled_from(("stop", "eos", "length"))
    script = draw(st.lists(st.tuples(st.floats(0, 1), finishes), min_size=1, max_size=30))
    return settings_, script


@given(worlds(), st.sampled_from([nested_sweep, independent_sweep]))
def test_budgets_hold_and_no_level_is_lost_whatever_the_model_does(
    world: tuple[Forcing, list[tuple[float, Finish]]],
    sweep: Callable[..., Flow],
) -> None:
    settings_, script = world
    turn = 0

    def reply(step: Step) -> Completion:
        nonlocal turn
        fraction, finish = script[turn % len(script)]
        turn += 1
        assert step.max_tokens >= 1
        assert 0 <= step.min_tokens <= step.max_tokens
        low = max(step.min_tokens, 1 if finish == "length" else 0)
        tokens = step.max_tokens if finish == "length" else low + int(fraction * (step.max_tokens - low))
        return said(f"w{turn} " * tokens, tokens, finish)

    trace, _ = play(sweep(settings_, 3), reply)
    assert [answer.level for answer in trace.answers] == list(settings_.num_ignore)
    for chain in trace.chains:
        assert 1 <= len(chain) <= settings_.num_ignore[-1] + 1
        assert sum(segment.tokens for segment in chain) <= settings_.max_thinking_tokens
        stops = [segment.stop for segment in chain]
        assert "capped" not in stops[:-1]
        assert all(pair != ("looped", "looped") for pair in pairwise(stops[:-1]))
    for answer in trace.answers:
        assert answer.tokens <= settings_.max_answer_tokens
        assert trace.thinking_tokens(answer) <= settings_.max_thinking_tokens
    thinking = [trace.thinking_tokens(answer) for answer in trace.answers]
    if sweep is nested_sweep:
        assert thinking == sorted(thinking)
