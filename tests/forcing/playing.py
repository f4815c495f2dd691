"""A flow played by hand, without an engine and without an event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from s1m.forcing.strategy import Part
from s1m.types import Completion, Step

T = TypeVar("T")
Reply = Callable[[Step], Completion]


def play(flow: Part[T], reply: Reply) -> tuple[T, list[Step]]:
    """Answer every step with ``reply``, part after part of what goes on at the same time; the trace and the steps."""
    asked: list[Step] = []

    def done(each: Any) -> Any:
        if isinstance(each, Step):
            asked.append(each)
            return reply(each)
        returned, steps = play(each, reply)
        asked.extend(steps)
        return returned

    replies: list[Any] | None = None
    while True:
        try:
            parts = next(flow) if replies is None else flow.send(replies)
        except StopIteration as end:
            return end.value, asked
        replies = [done(each) for each in parts]
