"""Drive a flow and say what happens meanwhile: text as the engine writes it, and what the flow made of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from threading import get_ident

from s1m.forcing.drive import complete, pump
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
from s1m.forcing.handover import handover_to
from s1m.forcing.strategy import Flow
from s1m.types import Completion, Engine, Problem, Purpose, Sampling, Segment, Step, Trace

NO_PURPOSE = Purpose(chain=0, finished=())
"""Of the steps of a strategy that yields its own and does not say what they are for."""


async def follow(flow: Flow, problem: Problem, engine: Engine, sampling: Sampling) -> AsyncGenerator[Event, None]:
    """The events of a flow, the last of them ``Finished`` with the trace that ``drive`` would return.

    An engine that does not stream gives one event of text a completion. Closing the iterator cancels what the engine
    is doing. Raises what the engine raises.
    """
    events: asyncio.Queue[Event | None] = asyncio.Queue()  # bounded by the budgets of the flow

    async def whole() -> None:
        try:
            await watch(flow, problem, engine, sampling, events.put_nowait)
        finally:
            events.put_nowait(None)

    driving = asyncio.create_task(whole())
    try:
        while (event := await events.get()) is not None:
            yield event
        await driving
    finally:
        driving.cancel()
        await asyncio.gather(driving, return_exceptions=True)


async def watch(
    flow: Flow, problem: Problem, engine: Engine, sampling: Sampling, emit: Callable[[Event], None]
) -> None:
    """Call ``emit`` with each of the events that ``follow`` yields, when it happens; in the thread of the event loop.

    Cancelling it cancels what the engine is doing. Raises what the engine raises.
    """
    watcher = _Watcher(emit)

    async def do(step: Step) -> Completion:
        return await watcher.watched(step, lambda heard: complete(heard, problem, engine, sampling))

    trace = await pump(flow, do)
    for event in watcher.at_the_end(trace):
        emit(event)


class _Watcher:
    """Turns the steps of one flow, and what is written for them, into events."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._loop, self._thread = asyncio.get_running_loop(), get_ident()
        self._handover = handover_to(self._loop)
        self._began = time.monotonic()
        self._tokens = 0
        self._ended: dict[int, int] = {}
        """By chain, how many of its segments are known to have ended."""
        self._begun: set[tuple[int, int]] = set()
        """Segments, by chain and number, whose ignored stop is known."""

    async def watched(self, step: Step, do: Callable[[Step], Awaitable[Completion]]) -> Completion:
        """The completion of a step, its text emitted as it is written."""
        purpose = step.purpose or NO_PURPOSE
        self._begin(purpose)
        awaits_thinking = step.whole is not None  # a whole reply thinks before it answers
        if not awaits_thinking:
            self._begin_answer(purpose)
        written = 0

        def emit(text: str) -> None:
            nonlocal written, awaits_thinking
            if text and awaits_thinking:
                awaits_thinking = False
                self._begin_answer(purpose)
            written += len(text)
            if text:
                self._emit(_text_of(purpose, text))

        def on_text(text: str) -> bool:
            if get_ident() == self._thread:
                emit(text)
            else:
                self._handover.call(self._loop, emit, text)
            return step.on_text is not None and step.on_text(text)

        completion = await do(replace(step, on_text=on_text))
        if completion.thinking:
            self._emit(ThinkingText(chain=purpose.chain, segment=len(purpose.finished), text=completion.thinking))
        emit(completion.text[written:])
        if purpose.level is not None:
            self._emit(
                AnswerEnded(
                    chain=purpose.chain,
                    level=purpose.level,
                    tries=purpose.tries,
                    text=completion.text,
                    tokens=completion.tokens,
                )
            )
        self._tokens += completion.tokens
        self._emit(Spent(tokens=self._tokens, seconds=self._seconds))
        return completion

    def at_the_end(self, trace: Trace) -> tuple[Event, ...]:
        """What only the trace says."""
        ended = [event for chain, segments in enumerate(trace.chains) for event in self._ended_since(chain, segments)]
        answered = [Answered(answer=answer) for answer in trace.answers]
        return (*ended, *answered, Finished(trace=trace, tokens=self._tokens, seconds=self._seconds))

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _begin(self, purpose: Purpose) -> None:
        for event in self._ended_since(purpose.chain, purpose.finished):
            self._emit(event)
        segment = purpose.chain, len(purpose.finished)
        if purpose.injected and segment not in self._begun:
            self._begun.add(segment)
            self._emit(StopIgnored(chain=segment[0], segment=segment[1], injected=purpose.injected))

    def _begin_answer(self, purpose: Purpose) -> None:
        if purpose.level is not None:
            self._emit(AnswerBegun(chain=purpose.chain, level=purpose.level, tries=purpose.tries))

    def _ended_since(self, chain: int, segments: tuple[Segment, ...]) -> list[SegmentEnded]:
        known = self._ended.get(chain, 0)
        self._ended[chain] = max(known, len(segments))
        return [
            SegmentEnded(chain=chain, segment=number, ended=segments[number]) for number in range(known, len(segments))
        ]


def _text_of(purpose: Purpose, text: str) -> ThinkingText | AnswerText:
    if purpose.level is None:
        return ThinkingText(chain=purpose.chain, segment=len(purpose.finished), text=text)
    return AnswerText(chain=purpose.chain, level=purpose.level, tries=purpose.tries, text=text)
