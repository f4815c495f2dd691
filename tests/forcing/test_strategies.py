"""Every strategy against a scripted model: what is asked and paid for, and that no level is without an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s1m.errors import EngineUnavailable
from s1m.forcing.base import halvings
from s1m.forcing.drive import drive
from s1m.forcing.flow import Forcing
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.stopping import Rule
from s1m.forcing.strategies import STRATEGIES, build_strategy
from s1m.forcing.strategy import Part, Strategy, Task, together
from s1m.types import Answer, Completion, Problem, Sampling, Step, Trace

FORCING = Forcing(
    num_ignore=(0, 1, 2), ignore_strings=IGNORE_STRINGS["s1"], max_thinking_tokens=64, max_answer_tokens=4
)
PROBLEM = Problem(id="p", question="How many?", images=(b"x",), gold="4")


class Model:
    """A model that does what ``reply`` says; keeps what it was asked."""

    name = "model"
    can_show_images_again = True
    context_tokens: int | None = None

    def __init__(self, reply: Callable[[Step], Completion]) -> None:
        self.reply = reply
        self.asked: list[tuple[Problem, Step]] = []

    async def ready(self) -> None:
        """Always."""

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        self.asked.append((problem, step))
        await asyncio.sleep(0)
        return self.reply(step)

    async def close(self) -> None:
        """Nothing."""


def run(strategy: Strategy, model: Model, **task: object) -> Trace:
    return asyncio.run(drive(strategy.flow(Task(seed=1, **task)), PROBLEM, model, Sampling(temperature=1)))  # type: ignore[arg-type]


def says(*answers: str, tokens: int = 8) -> Model:
    """A model that thinks the same number of tokens each time and gives one answer after another, the last for ever."""
    given_ = iter(answers)
    last = [answers[0]]

    def reply(step: Step) -> Completion:
        if step.stop:
            return Completion(text="hm", tokens=min(tokens, step.max_tokens), finish="stop")
        last[0] = next(given_, last[0])
        return Completion(text=last[0], tokens=1, finish="eos")

    return Model(reply)


def test_a_vote_is_won_by_most_and_pays_for_all() -> None:
    trace = run(build_strategy("vote", FORCING, levels=(1, 3, 5)), says("7", "4", "4", "7", "4"))
    assert [answer.text for answer in trace.answers] == ["7", "4", "4"]
    assert [answer.level for answer in trace.answers] == [1, 3, 5]
    assert [answer.chosen_from for answer in trace.answers] == [(0,), (0, 1, 2), (0, 1, 2, 3, 4)]
    assert [trace.thinking_tokens(answer) for answer in trace.answers] == [8, 24, 40]
    assert [trace.answer_tokens(answer) for answer in trace.answers] == [1, 3, 5]
    assert trace.generated_tokens == 45


def test_chains_of_a_vote_run_at_the_same_time_with_seeds_of_their_own() -> None:
    model = says("4")
    run(build_strategy("vote", FORCING, levels=(4,)), model)
    assert len({step.seed for _, step in model.asked}) == 8
    thinking = [step for _, step in model.asked[:4]]
    assert all(step.stop for step in thinking)


def test_a_vote_may_weigh_thinking_or_confidence() -> None:
    lengths, answers = iter([8, 8, 40]), iter([("7", -0.1), ("7", -3.0), ("4", -0.01)])

    def reply(step: Step) -> Completion:
        if step.stop:
            return Completion(text="hm", tokens=next(lengths), finish="stop")
        text, logprob = next(answers)
        return Completion(text=text, tokens=1, finish="eos", logprob=logprob)

    (by_length,) = run(build_strategy("vote", FORCING, levels=(3,), weight="length"), Model(reply)).answers
    assert by_length.text == "4"
    lengths, answers = iter([8, 8, 8]), iter([("7", -2.0), ("7", -3.0), ("4", -0.01)])
    (by_confidence,) = run(build_strategy("vote", FORCING, levels=(3,), weight="confidence"), Model(reply)).answers
    assert by_confidence.text == "4"


def test_a_hybrid_votes_over_forced_chains_and_keeps_every_level() -> None:
    trace = run(build_strategy("hybrid", FORCING, levels=(1, 2)), says("1", "2", "3", "4"))
    assert len(trace.samples) == 6
    assert {sample.level for sample in trace.samples} == {0, 1, 2}
    assert [len(answer.chosen_from) for answer in trace.answers] == [1, 2]
    assert all(trace.samples[place].level == 2 for place in trace.answers[1].chosen_from)
    assert [trace.thinking_tokens(answer) for answer in trace.answers] == [24, 48]


def test_adaptive_stops_as_soon_as_enough_answers_agree() -> None:
    forcing = Forcing(num_ignore=(7,), ignore_strings=("Wait,",), max_thinking_tokens=500, max_answer_tokens=4)
    trace = run(build_strategy("adaptive", forcing, levels=(1, 2)), says("7", "4", "4", "9"))
    assert [answer.text for answer in trace.answers] == ["7", "4"]
    assert [trace.thinking_tokens(answer) for answer in trace.answers] == [8, 24]
    assert [trace.answer_tokens(answer) for answer in trace.answers] == [1, 3]
    assert len(trace.chains[0]) == 3


def test_adaptive_without_agreement_takes_the_last_answer() -> None:
    trace = run(build_strategy("adaptive", FORCING, levels=(3,)), says("1", "2", "3"))
    assert trace.answers[0].text == "3"


def test_an_unsure_answer_agrees_with_nothing() -> None:
    numbers = count()

    def reply(step: Step) -> Completion:
        if step.stop:
            return Completion(text="hm", tokens=8, finish="stop")
        return Completion(text="4", tokens=1, finish="eos", logprob=-5.0 if next(numbers) < 2 else -0.1)

    trace = run(build_strategy("adaptive", FORCING, levels=(1,), sure=0.5), Model(reply))
    assert trace.answers[0].chosen_from == (0, 1, 2)


def test_caps_are_cut_from_one_chain() -> None:
    def reply(step: Step) -> Completion:
        if step.stop:
            spent = sum(len(piece.text) for piece in step.prefix[1:])
            left = 20 - spent
            text = "abcdefghijklmnopqrst"[spent : spent + min(step.max_tokens, left)]
            return Completion(text=text, tokens=len(text), finish="length" if left > step.max_tokens else "stop")
        return Completion(text=str(sum(len(piece.text) for piece in step.prefix[1:-1])), tokens=1, finish="eos")

    trace = run(build_strategy("cap", FORCING, levels=(4, 16, 64, 128)), Model(reply))
    assert [answer.text for answer in trace.answers] == ["4", "16", "20", "20"]
    assert [answer.stop for answer in trace.answers] == ["capped", "capped", "closed", "closed"]
    assert [answer.same_as for answer in trace.answers] == [None, None, None, 64]
    assert [segment.injected for segment in trace.chains[0]] == ["", "", ""]


@pytest.mark.parametrize(
    ("name", "levels", "words"),
    [
        ("token-conditional", (64,), "Think for at most 64 tokens."),
        ("step-conditional", (1,), "Think in at most 1 step."),
        ("class-conditional", (1,), "Think for a long time."),
    ],
)
def test_conditionals_ask_in_words(name: str, levels: tuple[int, ...], words: str) -> None:
    model = says("4")
    run(build_strategy(name, FORCING, levels=levels), model)
    assert {problem.question for problem, _ in model.asked} == {f"How many?\n{words}"}


def test_rejection_draws_until_one_is_short_enough_and_pays_for_all() -> None:
    lengths = iter([40, 30, 10, 10])

    def reply(step: Step) -> Completion:
        return (
            Completion(text="hm", tokens=next(lengths), finish="stop")
            if step.stop
            else Completion(text="4", tokens=1, finish="eos")
        )

    trace = run(build_strategy("rejection", FORCING, levels=(16, 32, 64)), Model(reply))
    assert [answer.chain for answer in trace.answers] == [2, 1, 0]
    assert [trace.thinking_tokens(answer) for answer in trace.answers] == [80, 70, 40]


def test_lookback_speaks_of_the_image_or_shows_it_again() -> None:
    model = says("4")
    run(build_strategy("lookback", FORCING), model)
    said = [piece.text for _, step in model.asked for piece in step.prefix]
    assert any("image" in text for text in said)
    assert not any(piece.images for _, step in model.asked for piece in step.prefix)
    run(build_strategy("lookback-image", FORCING), model)
    assert any(piece.images for _, step in model.asked for piece in step.prefix)


def test_an_engine_that_cannot_show_images_again_says_so() -> None:
    model = says("4")
    model.can_show_images_again = False
    with pytest.raises(EngineUnavailable, match="use strategy lookback"):
        run(build_strategy("lookback-image", FORCING), model)


def test_an_answer_that_commits_to_nothing_is_asked_for_again_among_the_choices() -> None:
    def reply(step: Step) -> Completion:
        if step.stop:
            return Completion(text="hm", tokens=8, finish="stop")
        return Completion(text=step.choices[1] if step.choices else "well", tokens=2, finish="eos")

    def read(text: str) -> str | None:
        return text if text in "AB" else None

    trace = run(build_strategy("sequential", FORCING), Model(reply), read=read, choices=("A", "B"))
    assert {answer.text for answer in trace.answers} == {"B"}
    assert {(answer.tries, answer.tokens) for answer in trace.answers} == {(2, 4)}


def test_an_answer_within_the_thinking_is_cut_and_kept_for_need() -> None:
    def reply(step: Step) -> Completion:
        text = "I see 4.\nThe answer is 4." if step.stop else "well"
        return Completion(text=text, tokens=3, finish="eos")

    trace = run(build_strategy("sequential", FORCING), Model(reply), read=lambda text: "4" if "4" in text else None)
    assert {segment.text for segment in trace.chains[0]} == {"I see 4.\n"}
    assert {(answer.text, answer.tries) for answer in trace.answers} == {("The answer is 4.", 3)}


def test_an_answer_that_never_commits_falls_back_on_the_level_before() -> None:
    model = says("4", "well", "well", "well", "well", "well")
    trace = run(build_strategy("sequential", FORCING), model, read=lambda text: text if text == "4" else None)
    assert [answer.text for answer in trace.answers] == ["4", "4", "4"]
    assert [answer.tries for answer in trace.answers] == [1, 3, 3]


def test_the_last_try_does_without_a_thinking_that_never_ended() -> None:
    def reply(step: Step) -> Completion:
        if step.stop:
            return Completion(text="//", tokens=step.max_tokens, finish="length")
        return Completion(
            text="//" if "//" in "".join(piece.text for piece in step.prefix) else "4", tokens=1, finish="eos"
        )

    trace = run(build_strategy("sequential", FORCING), Model(reply), read=lambda text: text if text == "4" else None)
    assert {(answer.text, answer.tries) for answer in trace.answers} == {("4", 3)}


def test_a_thinking_that_was_cut_off_is_asked_for_a_choice_at_once() -> None:
    def reply(step: Step) -> Completion:
        if step.stop:
            return Completion(text="hm", tokens=step.max_tokens, finish="length")
        return Completion(text=step.choices[0], tokens=1, finish="eos")

    trace = run(build_strategy("sequential", FORCING), Model(reply), choices=("A", "B"))
    assert {(answer.text, answer.stop, answer.tries) for answer in trace.answers} == {("A", "capped", 1)}


def test_several_conversations_run_together() -> None:
    def part(turns: int) -> Part[list[int]]:
        said = []
        for turn in range(turns):
            (completion,) = yield (Step(prefix=(), stop=(), max_tokens=turn + 1),)
            said.append(completion.tokens)
        return said

    model = Model(lambda step: Completion(text="a", tokens=step.max_tokens, finish="eos"))
    done = asyncio.run(drive(together([part(3), part(0), part(2)]), PROBLEM, model, Sampling(temperature=1)))
    assert done == [[1, 2, 3], [], [1, 2]]
    assert sorted(step.max_tokens for _, step in model.asked[:4]) == [1, 1, 2, 2]


def test_default_levels_halve_the_budget() -> None:
    assert halvings(1024) == (64, 128, 256, 512, 1024)
    assert halvings(2) == (1, 2)


@given(
    name=st.sampled_from(STRATEGIES.names()),
    finishes=st.lists(st.sampled_from(["stop", "eos", "length"]), min_size=1, max_size=6),
    texts=st.lists(st.sampled_from(["", "a", "b", "loop " * 60, "</ think>", "<think> x"]), min_size=1, max_size=4),
)
def test_every_level_has_an_answer_whatever_the_model_does(name: str, finishes: list[str], texts: list[str]) -> None:
    turn = count()

    def reply(step: Step) -> Completion:
        number = next(turn)
        finish, text = finishes[number % len(finishes)], texts[number % len(texts)]
        tokens = step.max_tokens if finish == "length" else min(step.max_tokens, 5)
        return Completion(text=text, tokens=tokens, finish=finish)  # type: ignore[arg-type]

    rule = Rule(kind="agree", levels=FORCING.num_ignore, agreeing=2)
    strategy = build_strategy(name, FORCING, rule=rule)
    model = Model(reply)
    trace = run(strategy, model)
    assert tuple(answer.level for answer in trace.answers) == strategy.levels
    asked: tuple[Answer, ...] = trace.samples or trace.answers
    assert len(trace.chains) <= strategy.most_chains
    assert len([answer for answer in asked if answer.same_as is None]) <= strategy.most_answers
    assert trace.generated_tokens <= sum(step.max_tokens for _, step in model.asked)
    for answer in trace.answers:
        assert 0 < trace.thinking_tokens(answer) + trace.answer_tokens(answer) <= trace.generated_tokens
