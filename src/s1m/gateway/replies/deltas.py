"""The events of a flow as what a stream hands on: more reasoning, more content, notes for the page, the end.

Blanks around the content are left out, as they are in a whole reply, so text is held back while it may be the end. Of
several chains the first one's thinking is shown. An answer that is chosen among several, or read as JSON, is shown when
it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from s1m.engines.stops import without_partial_stop
from s1m.forcing.events import (
    AnswerEnded,
    AnswerText,
    Event,
    SegmentEnded,
    Spent,
    StopIgnored,
    ThinkingText,
)
from s1m.gateway.replies.outcome import Outcome, said_before
from s1m.gateway.requests.asked import Asked


@dataclass(frozen=True, slots=True)
class Reasoning:
    """More reasoning."""

    text: str
    choice: int = 0
    """The choice that it belongs to, where a request asks for several."""


@dataclass(frozen=True, slots=True)
class Content:
    """More of the answer."""

    text: str
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the page."""

    value: dict[str, Any]
    choice: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """The whole outcome; content that was not streamed before has been by now."""

    outcome: Outcome
    choice: int = 0


Delta: TypeAlias = Reasoning | Content | Note | End


class Translator:
    """Turns the events of one choice of a request into deltas."""

    def __init__(self, asked: Asked, choice: int = 0) -> None:
        self._asked = asked
        self._choice = choice
        self._streams_content = asked.strategy.counts_ignored_stops and not asked.structure.tools
        if not asked.dial.thinking:
            self._streams_content = not asked.structure.tools
        self._level = asked.strategy.levels[-1]
        self._sent = ""
        self._answer = ""

    def deltas(self, event: Event | Outcome) -> list[Delta]:
        """What is handed on for an event, or at the end."""
        if isinstance(event, Outcome):
            return self._end(event)
        deltas: list[Delta] = []
        if isinstance(event, ThinkingText) and event.chain == 0:
            deltas.append(Reasoning(event.text, self._choice))
        elif isinstance(event, StopIgnored) and event.chain == 0:
            deltas.append(Reasoning(event.injected, self._choice))
        elif isinstance(event, AnswerText) and event.level == self._level and self._streams_content:
            deltas += self._content(event.text)
        if self._asked.shows_events and (note := note_of(event)):
            deltas.insert(0, Note(note, self._choice))
        return deltas

    def _content(self, text: str) -> list[Delta]:
        self._answer += text
        stops = self._asked.stop
        said = said_before(stops, without_partial_stop(self._answer, stops))[0]
        new, self._sent = said[len(self._sent) :], said
        return [Content(new, self._choice)] if new else []

    def _end(self, outcome: Outcome) -> list[Delta]:
        # An answer that was cut for a loop is shorter than what was streamed; nothing can be taken back.
        rest = outcome.content[len(self._sent) :] if outcome.content.startswith(self._sent) else ""
        return [*([Content(rest, self._choice)] if rest else []), End(outcome, self._choice)]


def note_of(event: Event) -> dict[str, Any] | None:
    """An event as the page reads it; None for one that it has no use for."""
    match event:
        case StopIgnored():
            return {
                "type": "ignored_stop", "chain": event.chain, "segment": event.segment, "injected": event.injected
            }  # fmt: skip
        case ThinkingText() if event.chain > 0:
            return {"type": "thinking", "chain": event.chain, "segment": event.segment, "text": event.text}
        case SegmentEnded():
            ended = {"stop": event.ended.stop, "tokens": event.ended.tokens}
            return {"type": "segment", "chain": event.chain, "segment": event.segment, **ended}
        case AnswerText():
            return {"type": "answer", "level": event.level, "tries": event.tries, "text": event.text}
        case AnswerEnded():
            return {
                "type": "answered", "level": event.level, "tries": event.tries, "content": event.text.strip(),
                "tokens": event.tokens,
            }  # fmt: skip
        case Spent():
            return {"type": "spent", "tokens": event.tokens, "seconds": round(event.seconds, 3)}
        case _:
            return None
