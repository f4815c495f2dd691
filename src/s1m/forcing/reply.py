"""A whole reply instead of a forced turn: one request, its thinking recorded as a chain, the rest as the answer.

Nothing is continued, so any chat server will do. What the reply says is scored as it stands: it is asked for once.
"""

from __future__ import annotations

from dataclasses import replace

from s1m.families.replies import Parts, parts_of
from s1m.forcing.endings import find_answered
from s1m.forcing.flow import Forcing, derive_seed
from s1m.forcing.loops.watch import find_loop
from s1m.forcing.strategy import Part, Task
from s1m.forcing.thinking import loops_at
from s1m.types import Answer, Completion, Purpose, Segment, Step, StopClass, WholeReply

ESTIMATED = "count estimated"
"""The flaw of a thought whose tokens were not counted: they are the reply's, shared out by characters."""


def reply(
    forcing: Forcing,
    task: Task,
    *,
    level: int = 0,
    number: int = 0,
    effort: str = "",
    budget: int | None = None,
) -> Part[tuple[tuple[Segment, ...], Answer]]:
    """Chain ``number`` of a trace, one segment or none, and the answer after it, which is that of ``level``."""
    thinking_tokens = forcing.max_thinking_tokens if budget is None else budget
    (completion,) = yield (
        Step(
            prefix=(),
            stop=(),
            max_tokens=thinking_tokens + forcing.max_answer_tokens,
            seed=derive_seed(task.seed, "reply"),
            instruction=forcing.instruction,
            whole=WholeReply(
                thinking_open=forcing.thinking_open,
                thinking_close=forcing.thinking_close,
                effort=effort,
                budget=budget,
            ),
            purpose=Purpose(chain=number, finished=(), level=level),
        ),
    )
    parts = separated(completion, forcing)
    segment = thought(completion, parts)
    chain = (segment,) if segment.tokens or segment.text else ()
    text = parts.answer or segment.said
    loop = find_loop(text)
    return chain, Answer(
        level=level,
        chain=number,
        segments=len(chain),
        stop=segment.stop,
        text=text[: loop.start] if loop else text,
        tokens=completion.tokens - segment.tokens,
        finish=completion.finish,
        logprob=completion.logprob,
    )


def separated(completion: Completion, forcing: Forcing) -> Parts:
    """The thinking and the answer of a reply, as the engine separated them or else by the delimiters."""
    if completion.thinking is None:
        return parts_of(completion.text, forcing.thinking_open, forcing.thinking_close)
    closed = bool(completion.text.strip())
    return Parts(thinking=completion.thinking, answer=completion.text, closed=closed, start=0, end=0)


def thought(completion: Completion, parts: Parts) -> Segment:
    """The thinking of a reply as a segment, empty for a reply without thinking."""
    tokens = completion.thinking_tokens
    flaws: tuple[str, ...] = ()
    if tokens is None:
        tokens = estimated(completion.tokens, parts)
        flaws = (ESTIMATED,) if tokens else ()
    segment = Segment(injected="", text=parts.thinking, tokens=tokens, stop=stop_of(completion, parts), flaws=flaws)
    if not parts.unfinished:
        return segment
    if segment.stop == "eos" and (answered := find_answered(parts.thinking)):
        return cut(segment, answered.start, flaws=(*flaws, *answered.flaws), said=parts.thinking[answered.start :])
    if segment.stop == "capped" and (loop := find_loop(parts.thinking)):
        looped = replace(segment, stop="looped", loops=loops_at(loop.start, segment.text))
        return cut(looped, loop.start, flaws=flaws)
    return segment


def stop_of(completion: Completion, parts: Parts) -> StopClass:
    """Why the thinking ended. A reply that was cut off without having closed any thinking counts as capped."""
    if parts.closed:
        return "closed"
    if completion.finish == "length":
        return "capped"
    return "eos" if parts.unfinished else "closed"


def cut(segment: Segment, start: int, *, flaws: tuple[str, ...], said: str = "") -> Segment:
    """A segment up to ``start``; the tokens of what is cut away count all the same."""
    return replace(segment, text=segment.text[:start], cut_characters=len(segment.text) - start, flaws=flaws, said=said)


def estimated(tokens: int, parts: Parts) -> int:
    """Tokens of the thinking, by its fraction of the characters."""
    characters = len(parts.thinking) + len(parts.answer)
    return round(tokens * len(parts.thinking) / characters) if characters else 0
