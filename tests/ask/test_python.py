"""``s1m.think`` and its companions: the same trace from each, in a loop and without one."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing
from pathlib import Path

import pytest

import s1m
from s1m.ask.asking import bundled_engine, fitted
from s1m.ask.settings import ask_settings
from s1m.engines.builder import EngineSettings
from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.scripted import ScriptedEngine
from s1m.errors import EngineUnavailable, UsageError
from s1m.forcing.events import Event, Finished, StopIgnored, ThinkingText
from s1m.synthetic.digits.problems import make_problem
from s1m.types import Completion, Problem, Sampling, Step, Trace

PROBLEM = make_problem("test", 0)


def thinker(problem: Problem, step: Step) -> str:
    return "I look.</think>" if step.stop else "7"


class Loops(ScriptedEngine):
    """Notes the event loops that it was used in."""

    def __init__(self) -> None:
        super().__init__(thinker)
        self.loops: set[int] = set()
        self.closed = 0

    async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
        self.loops.add(id(asyncio.get_running_loop()))
        return await super().generate(problem, step, sampling)

    async def close(self) -> None:
        self.closed += 1


def test_a_question_gives_a_trace_with_an_answer_at_every_level() -> None:
    trace = s1m.think("How many?", engine=ScriptedEngine(thinker), num_ignore="0-2")
    assert [(answer.level, answer.text) for answer in trace.answers] == [(0, "7"), (1, "7"), (2, "7")]
    assert [segment.injected for segment in trace.chains[0]] == ["", "Wait,", "Wait,"]


@pytest.mark.parametrize("given", [3, "3", [3], (3,)])
def test_num_ignore_may_be_one_number(given: object) -> None:
    trace = s1m.think("How many?", engine=ScriptedEngine(thinker), num_ignore=given)
    assert [answer.level for answer in trace.answers] == [3]
    assert len(trace.chains[0]) == 4


def test_think_athink_and_stream_agree_and_one_engine_serves_them_all() -> None:
    engine = Loops()
    first = s1m.think("How many?", engine=engine)

    async def others() -> tuple[Trace, Trace, list[Event]]:
        inside = s1m.think("How many?", engine=engine)  # a loop is running here, as in a notebook
        awaited = await s1m.athink("How many?", engine=engine)
        return inside, awaited, [event async for event in s1m.stream("How many?", engine=engine)]

    inside, awaited, events = asyncio.run(others())
    last = events[-1]
    assert isinstance(last, Finished)
    assert first == inside == awaited == last.trace
    assert [event.segment for event in events if isinstance(event, StopIgnored)] == [1, 2, 3]
    assert len(engine.loops) == 1
    assert engine.closed == 0


def test_an_iterator_that_is_left_stops_the_engine() -> None:
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

    async def first() -> Event:
        async with aclosing(s1m.stream("How many?", engine=Endless(thinker))) as events:
            async for event in events:
                return event
        raise AssertionError

    assert asyncio.run(first()) == ThinkingText(chain=0, segment=0, text="I ")
    assert cancelled.is_set()


def test_a_cancelled_call_cancels_the_engine() -> None:
    begun, cancelled = threading.Event(), threading.Event()

    class Endless(ScriptedEngine):
        async def generate(self, problem: Problem, step: Step, sampling: Sampling) -> Completion:
            begun.set()
            try:
                await asyncio.sleep(60)
            finally:
                cancelled.set()
            raise AssertionError

    async def run() -> None:
        task = asyncio.create_task(s1m.athink("How many?", engine=Endless(thinker)))
        assert await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(cancelled.wait, 10)

    asyncio.run(run())


def test_the_bundled_model_answers_where_no_other_is_named(tmp_path: Path) -> None:
    picture = tmp_path / "digits.png"
    picture.write_bytes(PROBLEM.images[0])
    traces = [
        s1m.think(PROBLEM.question, images, num_ignore=1, max_thinking_tokens=400, seed=3)
        for images in ([picture], str(picture), PROBLEM.images)
    ]
    assert traces[0].without_token_ids() == traces[1].without_token_ids() == traces[2].without_token_ids()
    assert traces[0].answers[0].text.strip().isdecimal()
    assert bundled_engine() is bundled_engine()


def test_greedy_answers_of_one_level_are_those_of_many() -> None:
    def asked(num_ignore: object) -> Trace:
        return s1m.think(PROBLEM.question, PROBLEM.images, num_ignore=num_ignore, temperature=0)

    assert asked(2).answers[-1].text == asked("0-2").answers[-1].text


def test_an_engine_is_built_of_the_words_of_the_command_line() -> None:
    engine = s1m.engine("vllm", base_url="http://127.0.0.1:9/v1", model="mine", timeout_seconds=5)
    assert engine.name == "vllm"
    engine = s1m.engine(concurrency=2)
    assert isinstance(engine, EmbeddedEngine)
    asyncio.run(engine.close())
    with pytest.raises(UsageError, match=r"s1m\.engine: .*needs --base-url"):
        s1m.engine("vllm")
    with pytest.raises(UsageError, match="there is no setting 'modle'; did you mean model"):
        s1m.engine(modle="x")
    with pytest.raises(UsageError, match="vllm"):
        s1m.engine("vlm", base_url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("arguments", "dials", "message"),
    [
        (("",), {}, "the question is empty"),
        (("Why?", "no/such.png"), {}, r"cannot read no/such\.png"),
        (("Why?", [b"not an image"]), {}, "an image of 12 bytes is not an image"),
        (("Why?", [7]), {}, "an image is the path of a file or its bytes, not int"),
        (("Why?",), {"num_ignor": 3}, "there is no setting 'num_ignor'; did you mean num_ignore"),
        (("Why?",), {"max_thinking_tokens": 0}, "max_thinking_tokens: expected int >= 1, not 0"),
        (("Why?",), {"model": "x"}, r"the engine is built already; give model to s1m\.engine"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    arguments: tuple[object, ...], dials: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        s1m.think(*arguments, engine=ScriptedEngine(thinker), **dials)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_an_engine_that_is_named_is_closed_and_its_error_raised() -> None:
    with pytest.raises(EngineUnavailable, match="there is no checkpoint folder"):
        s1m.think("Why?", engine="embedded", model="./nothing-here")


@pytest.mark.parametrize(
    ("context", "given", "expected"),
    [
        (None, {}, 8192),
        (32768, {}, 8192),
        (4096, {}, 2048),
        (4096, {"max_thinking_tokens": 5000}, 5000),
        (512, {}, 8192),
    ],
)
def test_the_default_budget_fits_a_small_context(context: int | None, given: dict[str, object], expected: int) -> None:
    assert fitted(ask_settings(given, "test"), context).budget.max_thinking_tokens == expected


def test_settings_without_words_are_the_bundled_engine() -> None:
    assert EngineSettings().builder.default_model == "bundled"
