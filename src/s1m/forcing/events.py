"""What happens while a flow goes on, one frozen value each: what a terminal, a notebook and a gateway show.

    StopIgnored(segment=1, injected="Wait,")      the model ended its thinking; it is made to think on
    ThinkingText(segment=1, text=" let me look")  as it is written, or a whole chunk of an engine that does not stream
    SegmentEnded(segment=1, ended=Segment(...))   how it ended, and its text without what was cut away
    AnswerBegun(level=0)                          ``tries`` rises when it is asked for again
    AnswerText(level=0, text="42")                as it is written
    AnswerEnded(level=0, text="42")               the whole of it; one that commits to nothing is asked for again
    Spent(tokens=120, seconds=0.8)                after every completion: everything so far
    Answered(answer=Answer(...))                  what a level commits to, at the end
    Finished(trace=Trace(...))                    the last one

An answer is asked for while its chain goes on, so its text comes among that of the next segment; an engine that
writes the whole chain in one request is asked for all levels when it has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from s1m.types import Answer, Segment, Trace


@dataclass(frozen=True, kw_only=True, slots=True)
class ThinkingText:
    """More text of segment ``segment`` of chain ``chain``; both count from 0."""

    chain: int
    segment: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StopIgnored:
    """The stop before segment ``segment`` was ignored: ``injected`` was appended instead."""

    chain: int
    segment: int
    injected: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentEnded:
    """A segment as the trace has it: ``ended.stop`` is its stop class.

    Its text is shorter than that of the events before where the end was cut away: a repetition, or a delimiter that was
    spelled wrong.
    """

    chain: int
    segment: int
    ended: Segment


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerBegun:
    """An answer is asked for at ``level``, along chain ``chain``, for the first time of its ``tries``, or once more.

    The first time it comes before anything of the segments that its level leaves out. Answers that are asked for
    together begin in the order of their levels, whichever is written first.
    """

    chain: int
    level: int
    tries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerText:
    """More text of the answer at ``level``, along chain ``chain``."""

    chain: int
    level: int
    tries: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerEnded:
    """What the model answered at ``level``, in ``tokens`` tokens; ``Answered`` says what is made of it."""

    chain: int
    level: int
    tries: int
    text: str
    tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The answer that is committed at its level."""

    answer: Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """Tokens generated and seconds gone since the flow began."""

    tokens: int
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """The flow has ended with ``trace``; ``tokens`` and ``seconds`` are its cost."""

    trace: Trace
    tokens: int
    seconds: float


Event: TypeAlias = (
    ThinkingText | StopIgnored | SegmentEnded | AnswerBegun | AnswerText | AnswerEnded | Answered | Spent | Finished
)
