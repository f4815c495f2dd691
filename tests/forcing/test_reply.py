"""Whole replies as traces: one request, the thinking as a chain, the rest as the answer."""

from __future__ import annotations

import pytest

from s1m.forcing import Forcing, Task, build_strategy
from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.reply import ESTIMATED
from s1m.forcing.strategies import find_strategy
from s1m.forcing.strategies.direct import EFFORTS
from s1m.types import Completion, Finish, Step, Trace
from tests.forcing.playing import play

FORCING = Forcing(num_ignore=(0,), ignore_strings=("Wait,",), max_thinking_tokens=100, max_answer_tokens=20)


def pumped(strategy: BaseStrategy, *completions: Completion) -> tuple[Trace, list[Step]]:
    """The trace that a flow makes of these completions, and the steps it asked for."""
    left = iter(completions)
    return play(strategy.flow(Task(seed=1)), lambda step: next(left))


def direct(text: str, finish: Finish = "eos", *, tokens: int = 10, **more: object) -> Trace:
    completion = Completion(text=text, tokens=tokens, finish=finish, **more)  # type: ignore[arg-type]
    return pumped(build_strategy("direct", FORCING), completion)[0]


def test_one_request_is_made_and_nothing_is_continued() -> None:
    trace, steps = pumped(build_strategy("direct", FORCING), Completion(text="7", tokens=1, finish="eos"))
    (step,) = steps
    assert (step.prefix, step.stop, step.max_tokens) == ((), (), 120)
    assert step.whole is not None
    assert (step.whole.effort, step.whole.budget) == ("", None)
    assert trace.chains == ((),)
    assert (trace.answers[0].text, trace.answers[0].stop, trace.answers[0].tokens) == ("7", "closed", 1)


def test_thinking_that_the_engine_separated_is_a_chain() -> None:
    trace = direct("7", thinking="I add.", thinking_tokens=8)
    ((segment,),) = trace.chains
    assert (segment.text, segment.tokens, segment.stop, segment.flaws) == ("I add.", 8, "closed", ())
    assert (trace.answers[0].tokens, trace.generated_tokens) == (2, 10)
    assert trace.thinking_tokens(trace.answers[0]) == 8


def test_thinking_that_is_counted_and_hidden_counts_all_the_same() -> None:
    trace = direct("7", thinking="", thinking_tokens=9)
    assert trace.chains[0][0].text == ""
    assert trace.thinking_tokens(trace.answers[0]) == 9


def test_tokens_that_no_one_counted_are_estimated_and_marked() -> None:
    trace = direct("<think>123456</think>12", tokens=16)
    ((segment,),) = trace.chains
    assert (segment.text, segment.tokens, segment.flaws) == ("123456", 12, (ESTIMATED,))
    assert trace.answers[0].text == "12"


@pytest.mark.parametrize(
    ("text", "finish", "stop", "answer"),
    [
        ("<think>I add", "length", "capped", ""),
        ("<think>I add", "eos", "eos", ""),
        ("<think>I add\nSo the answer is 7", "eos", "eos", "So the answer is 7"),
        ("The answer is not", "length", "capped", "The answer is not"),
        ("<think>I add.</think>The ans", "length", "closed", "The ans"),
        ("<think>" + "I add and add. " * 60, "length", "looped", ""),
        ("", "length", "capped", ""),
        ("", "eos", "closed", ""),
    ],
)
def test_endings_are_classed_and_unfinished_thinking_is_no_answer(
    text: str, finish: Finish, stop: str, answer: str
) -> None:
    trace = direct(text, finish, tokens=100)
    assert (trace.answers[0].stop, trace.answers[0].text) == (stop, answer)
    assert trace.generated_tokens == 100


def test_efforts_and_budgets_are_asked_for_level_by_level_and_each_pays_for_itself() -> None:
    reply = Completion(text="7", tokens=5, finish="eos", thinking="hm", thinking_tokens=4)
    trace, steps = pumped(build_strategy("effort", FORCING), *[reply] * 3)
    assert [step.whole.effort for step in steps if step.whole] == ["low", "medium", "high"]
    assert [answer.level for answer in trace.answers] == [EFFORTS.index(word) for word in ("low", "medium", "high")]
    strategy = build_strategy("budget", FORCING, levels=(0, 30))
    trace, steps = pumped(strategy, *[reply] * 2)
    assert [(step.whole.budget, step.max_tokens) for step in steps if step.whole] == [(0, 20), (30, 50)]
    assert len({step.seed for step in steps}) == 2
    assert [trace.thinking_tokens(answer) for answer in trace.answers] == [4, 4]
    assert strategy.most_tokens == 70
    assert not strategy.continues


def test_a_vote_can_be_among_whole_replies() -> None:
    texts = ["6", "7", "7"]
    replies = [Completion(text=text, tokens=1, finish="eos", thinking="", thinking_tokens=0) for text in texts]
    strategy = find_strategy("vote").build(FORCING, Options(levels=(1, 3), whole=True))
    trace, steps = pumped(strategy, *replies)
    assert len(steps) == len({step.seed for step in steps}) == 3
    assert all(step.whole for step in steps)
    assert [answer.text for answer in trace.answers] == ["6", "7"]
    assert trace.generated_tokens == 3
