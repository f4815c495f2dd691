"""The events of a flow: in order, whatever the engine delivers, and nothing goes on when none reads on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from s1m.engines.scripted import ScriptedEngine, replay
from s1m.errors import EngineError
from s1m.forcing import Flow, Forcing, Task, build_strategy, drive, follow, nested_sweep
from s1m.forcing.events import (
    AnswerBegun,
    Answered,
    AnswerEnded,
    AnswerText,
    Event,
    Finished,
    SegmentEnded,
    Spent,
    StopIgnored,
    ThinkingText,
)
from s1m.types import Completion, Engine, Problem, Sampling, Step, Trace

PROBLEM = Problem(id="p", question="How many?", images=(), gold="7")
FORCING = Forcing(num_ignore=(0, 1), ignore_strings=("Wait,",), max_thinking_tokens=50, max_answer_tokens=5)
GREEDY = Sampling(temperature=0)
CLOSE = "</think>"


def events_of(engine: Engine, forcing: Forcing = FORCING, strategy: str = "sequential") -> list[Event]:
    async def collected() -> list[Event]:
        flow = build_strategy(strategy, forcing).flow(Task(seed=0))
        return [event async for event in follow(flow, PROBLEM, engine, GREEDY)]

    return asyncio.run(collected())


def thinker(problem: Problem, step: Step) -> str:
    if not step.stop:
        return "7"
    return f"look again.{CLOSE}" if "Wait" in "".join(piece.text for piece in step.prefix) else f"I look.{CLOSE}"


class Streaming(ScriptedEngine):
    """Writes character by character, from a thread of its own or the loop's."""

    name = "streaming"

    def __init__(self, script: Callable[[Problem, Step], str], *, threaded: bool, most: int | None = None) -> None:
        super().__init__(script)
        self._threaded, self._most = threaded, most

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        completion = await super().generate(problem, step, sampling)
        assert step.on_text is not None
        for character in completion.text[: self._most]:
            if self._threaded:
                await asyncio.to_thread(step.on_text, character)
            else:
                step.on_text(character)
        return completion


def without_seconds(events: list[Event]) -> list[Event]:
    return [replace(event, seconds=0.0) if isinstance(event, Spent | Finished) else event for event in events]


def test_the_events_of_a_nested_sweep_word_for_word() -> None:
    *events, last = events_of(ScriptedEngine(thinker))
    assert isinstance(last, Finished)
    first, second = last.trace.chains[0]
    assert without_seconds(events) == [
        ThinkingText(chain=0, segment=0, text="I look."),
        Spent(tokens=2, seconds=0.0),
        SegmentEnded(chain=0, segment=0, ended=first),
        AnswerBegun(chain=0, level=0, tries=1),
        AnswerText(chain=0, level=0, tries=1, text="7"),
        AnswerEnded(chain=0, level=0, tries=1, text="7", tokens=1),
        Spent(tokens=3, seconds=0.0),
        StopIgnored(chain=0, segment=1, injected="Wait,"),
        ThinkingText(chain=0, segment=1, text="look again."),
        Spent(tokens=5, seconds=0.0),
        SegmentEnded(chain=0, segment=1, ended=second),
        AnswerBegun(chain=0, level=1, tries=1),
        AnswerText(chain=0, level=1, tries=1, text="7"),
        AnswerEnded(chain=0, level=1, tries=1, text="7", tokens=1),
        Spent(tokens=6, seconds=0.0),
        *(Answered(answer=answer) for answer in last.trace.answers),
    ]
    assert last.tokens == last.trace.generated_tokens == 6


@pytest.mark.parametrize("strategy", ["sequential", "adaptive", "vote", "hybrid", "cap", "rejection", "lookback"])
def test_the_trace_is_that_of_the_driver(strategy: str) -> None:
    flow = build_strategy(strategy, FORCING).flow(Task(seed=0))
    driven = asyncio.run(drive(flow, PROBLEM, ScriptedEngine(thinker), GREEDY))
    events = events_of(ScriptedEngine(thinker), strategy=strategy)
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.trace == driven
    ended = {(event.chain, event.segment): event.ended for event in events if isinstance(event, SegmentEnded)}
    assert ended == {(c, s): ended for c, chain in enumerate(driven.chains) for s, ended in enumerate(chain)}
    text: dict[tuple[int, int], str] = {}
    for event in events:
        if isinstance(event, ThinkingText):
            text[event.chain, event.segment] = text.get((event.chain, event.segment), "") + event.text
    assert text == {key: segment.text for key, segment in ended.items() if segment.text}


@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize("most", [None, 4])
def test_an_engine_that_streams_gives_its_text_as_it_is_written(threaded: bool, most: int | None) -> None:
    streamed = events_of(Streaming(thinker, threaded=threaded, most=most))
    texts = [event.text for event in streamed if isinstance(event, ThinkingText) and event.segment == 0]
    assert texts == (list("I look.") if most is None else [*"I lo", "ok."])
    at_once = [event for event in events_of(ScriptedEngine(thinker)) if isinstance(event, SegmentEnded)]
    assert [event for event in streamed if isinstance(event, SegmentEnded)] == at_once


def test_a_segment_that_was_cut_for_a_loop_goes_on_as_the_same_segment() -> None:
    forcing = replace(FORCING, num_ignore=(0,), max_thinking_tokens=2000, chunk_tokens=600)
    looping = "I see it. " + "And so it goes on. " * 200
    events = events_of(replay([looping, f"It is seven.{CLOSE}", "7"]), forcing)
    ended = [event for event in events if isinstance(event, SegmentEnded)]
    assert [(event.segment, event.ended.stop, "looped" in event.ended.flaws) for event in ended] == [
        (0, "closed", True)
    ]
    assert {event.segment for event in events if isinstance(event, ThinkingText)} == {0}


def test_an_answer_that_commits_to_nothing_is_begun_again() -> None:
    texts = iter([f"Hm.{CLOSE}", " ", "7"])
    events = events_of(
        ScriptedEngine(lambda problem, step: next(texts)), replace(FORCING, num_ignore=(0,), max_answer_tokens=9)
    )
    assert [(event.tries, event.text) for event in events if isinstance(event, AnswerText)] == [(1, " "), (2, "7")]


def test_what_the_flow_listens_for_itself_is_asked_as_well() -> None:
    heard: list[str] = []

    def listener(text: str) -> bool:
        heard.append(text)
        return True

    verdicts: list[bool] = []

    class Ended(ScriptedEngine):
        async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
            assert step.on_text is not None
            verdicts.append(step.on_text("I look."))
            return Completion(text="I look.", tokens=2, finish="stop")

    def listening() -> Flow:
        yield (Step(prefix=(), stop=(CLOSE,), max_tokens=9, on_text=listener),)
        return Trace(chains=(), answers=())

    async def run() -> None:
        async for _ in follow(listening(), PROBLEM, Ended(thinker), GREEDY):
            pass

    asyncio.run(run())
    assert heard == ["I look."]
    assert verdicts == [True]


def test_closing_the_iterator_cancels_the_engine() -> None:
    cancelled = threading.Event()

    class Endless(ScriptedEngine):
        async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
            assert step.on_text is not None
            step.on_text("I ")
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise
            raise AssertionError

    async def run() -> Event:
        async with aclosing(follow(nested_sweep(FORCING, 0), PROBLEM, Endless(thinker), GREEDY)) as events:
            async for event in events:
                return event
        raise AssertionError

    assert asyncio.run(run()) == ThinkingText(chain=0, segment=0, text="I ")
    assert cancelled.is_set()


def test_an_error_follows_what_was_written_before_it() -> None:
    texts = iter([f"Hm.{CLOSE}"])
    events: list[Event] = []

    def script(problem: Problem, step: Step) -> str:
        text = next(texts, None)
        if text is None:
            raise EngineError("the server is gone")
        return text

    async def run() -> None:
        followed = follow(nested_sweep(FORCING, 0), PROBLEM, ScriptedEngine(script), GREEDY)
        while True:
            events.append(await anext(followed))

    with pytest.raises(EngineError, match="the server is gone"):
        asyncio.run(run())
    assert [type(event) for event in events] == [ThinkingText, Spent, SegmentEnded, AnswerBegun, StopIgnored]


def test_a_whole_reply_thinks_before_its_answer_begins() -> None:
    class Replies(ScriptedEngine):
        async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
            return Completion(text="7", tokens=5, finish="eos", thinking="I look.", thinking_tokens=4)

    events = events_of(Replies(thinker), replace(FORCING, num_ignore=(0,)), strategy="direct")
    assert [type(event) for event in events[:4]] == [ThinkingText, AnswerBegun, AnswerText, AnswerEnded]
    last = events[-1]
    assert isinstance(last, Finished)
    assert [answer.text for answer in last.trace.answers] == ["7"]
