"""Budget forcing as a conversation: think, ignore the stop, answer.

A flow is a generator. It yields steps ("continue this turn, stop there, spend at most N tokens"), is sent the engine's
completions in the same order, and returns a trace. It does no I/O and knows no server, tokenizer or benchmark, so the
same lines run against vLLM, a laptop, a gateway and a test.

Steps yielded together do not depend on each other and may run at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from s1m.forcing.endings import Ending, find_answered, find_ending, flaws_of
from s1m.forcing.loops.watch import LoopWatch, find_loop
from s1m.forcing.strategy import Part, Task
from s1m.forcing.turn import Forcing, chain_so_far, derive_seed, injection, joined, joined_ids
from s1m.types import Answer, Completion, Piece, Purpose, Segment, Step, StopClass

__all__ = [
    "Asked",
    "Forcing",
    "after_refusals",
    "answer",
    "can_go_on",
    "derive_seed",
    "think",
    "think_on",
    "think_once",
    "tokens_left",
]

MOST_TRIES = 3
"""Times that an answer is asked for until it commits to something. The second try has another seed and is bound to
the choices, the third does without thinking that did not close."""


def think(forcing: Forcing, ignores: int, seed: int, chain_index: int = 0) -> Part[tuple[Segment, ...]]:
    """A chain of thought with ``ignores`` ignored stops, within one thinking budget; the ``chain_index``-th of a trace.

    Shorter than ``ignores + 1`` segments when the budget is spent, or when two in a row had to be cut for loops.
    """
    segments: tuple[Segment, ...] = ()
    while len(segments) <= ignores and can_go_on(forcing, segments):
        segments = yield from think_on(forcing, segments, seed, chain_index)
    return segments


def can_go_on(forcing: Forcing, chain: Sequence[Segment]) -> bool:
    """Whether the last stop of a chain can be ignored: budget is left, and its last two segments are not both loops."""
    stops = [segment.stop for segment in chain[-2:]]
    return tokens_left(forcing, chain) > 0 and "capped" not in stops and stops != ["looped"] * 2


def tokens_left(forcing: Forcing, chain: Sequence[Segment]) -> int:
    """What is left of the thinking budget. An empty segment counts as one token, or a chain might never end."""
    return forcing.max_thinking_tokens - sum(max(1, segment.tokens) for segment in chain)


def think_on(
    forcing: Forcing, chain: tuple[Segment, ...], seed: int, chain_index: int = 0
) -> Part[tuple[Segment, ...]]:
    """The chain with one more segment, after an ignore string unless it is the first.

    A loop is cut and the chain continued from there with another seed; the second loop in a segment ends it.
    """
    injected = forcing.ignore_string(len(chain) - 1) if chain else ""
    purpose = Purpose(chain=chain_index, finished=chain, injected=injected)
    own_seed = derive_seed(seed, "think", len(chain))
    segment = yield from think_once(forcing, chain, injected, tokens_left(forcing, chain), own_seed, purpose)
    left = tokens_left(forcing, (*chain, segment))
    if segment.stop == "looped" and left > 0:
        own_seed = derive_seed(seed, "think", len(chain), "again")
        more = yield from think_once(forcing, (*chain, segment), "", left, own_seed, purpose)
        segment = continued_after_loop(segment, more)
    return (*chain, segment)


def continued_after_loop(looped: Segment, more: Segment) -> Segment:
    """One segment of the text before a loop and the thinking that was continued from there."""
    text = looped.text + more.text
    flaws = dict.fromkeys((*looped.flaws, "looped", *more.flaws))
    return replace(
        more,
        injected=looped.injected,
        text=text,
        tokens=looped.tokens + more.tokens,
        cut_characters=looped.cut_characters + more.cut_characters,
        flaws=tuple(flaw for flaw in flaws if flaw != "empty" or not text.strip()),
        token_ids=None,
    )


def think_once(
    forcing: Forcing,
    before: tuple[Segment, ...],
    injected: str,
    budget: int,
    seed: int,
    purpose: Purpose | None = None,
) -> Part[Segment]:
    """The next segment of a chain: up to ``budget`` tokens until the model ends its thinking or repeats itself.

    ``purpose`` is that of its steps where this is not simply the next segment of the only chain.
    """
    first = not injected and all(segment.stop == "looped" for segment in before)  # at the beginning, or after a loop
    minimum = forcing.min_thinking_tokens - sum(segment.tokens for segment in before) if first else 1
    purpose = purpose or Purpose(chain=0, finished=before, injected=injected)
    pieces: list[Piece] = []
    watch = LoopWatch()
    tokens = 0
    while True:
        room = min(forcing.chunk_tokens, budget - tokens)
        (completion,) = yield (
            Step(
                prefix=(*chain_so_far(forcing, before), *injection(forcing, injected), *pieces),
                stop=(forcing.thinking_close,),
                max_tokens=room,
                min_tokens=min(room, max(0, minimum - tokens)),
                seed=derive_seed(seed, "chunk", len(pieces)),
                instruction=forcing.instruction,
                purpose=purpose,
            ),
        )
        pieces.append(Piece(text=completion.text, token_ids=completion.token_ids))
        tokens += completion.tokens
        ending = ending_after(forcing, joined(pieces), completion, watch, spent=tokens >= budget)
        if ending is not None:
            return segment_of(injected, pieces, tokens, ending)


def ending_after(
    forcing: Forcing, text: str, completion: Completion, watch: LoopWatch, *, spent: bool
) -> Ending | None:
    """How a segment ends that reads ``text`` after a completion; None while it goes on.

    ``spent``: the thinking budget is used up.
    """
    if misspelt := find_ending(text, forcing.thinking_close):
        return misspelt
    stop: StopClass | None = "closed" if completion.finish == "stop" else "capped" if spent else None
    if completion.finish == "eos":
        if answered := find_answered(text):
            return answered
        stop = "eos"
    elif completion.finish == "length" and (loop := watch.feed(completion.text)):
        return Ending(start=loop.start, stop="looped")
    return Ending(start=len(text), stop=stop, flaws=flaws_of(text, forcing.thinking_open)) if stop else None


def segment_of(injected: str, pieces: Sequence[Piece], tokens: int, ending: Ending) -> Segment:
    """A segment up to its ending; the tokens of what is cut away count all the same."""
    text = joined(pieces)
    cut_characters = len(text) - ending.start
    return Segment(
        injected=injected,
        text=text[: ending.start],
        tokens=tokens,
        stop=ending.stop,
        cut_characters=cut_characters,
        flaws=ending.flaws,
        said=text[ending.start :] if "answered" in ending.flaws else "",
        token_ids=None if cut_characters else joined_ids(pieces),
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Where in a chain an answer is asked for: after how many segments, and how the thinking before it ended."""

    segments: int
    stop: StopClass


def after_refusals(chain: Sequence[Segment], ignored: int) -> Asked:
    """Where the answer after ``ignored`` ignored stops is asked for: at the end, for a chain that has fewer.

    Such a chain was looped, or else out of budget.
    """
    if ignored < len(chain):
        return Asked(segments=ignored + 1, stop=chain[ignored].stop)
    return Asked(segments=len(chain), stop="looped" if chain[-1].stop == "looped" else "capped")


def answer(
    forcing: Forcing, chain: tuple[Segment, ...], levels: Mapping[int, Asked], task: Task, chain_index: int = 0
) -> Part[tuple[Answer, ...]]:
    """An answer at every level, each from its own budget; levels that rest on the same segments share the lowest's."""
    askers: dict[int, int] = {}  # segments an answer rests on -> the lowest level that rests on as many
    for level, asked in levels.items():
        askers.setdefault(asked.segments, level)
    answers: dict[int, Answer] = {}
    for tries in range(1, MOST_TRIES + 1):
        waiting = [level for level in askers.values() if level not in answers or not committed(answers[level], task)]
        if not waiting:
            break
        completions = yield tuple(
            replace(
                answer_step(
                    forcing, chain, levels[level], task, derive_seed(task.seed, "answer", level, *again(tries)), tries
                ),
                purpose=Purpose(chain=chain_index, finished=chain, level=level, tries=tries),
            )
            for level in waiting
        )
        for level, completion in zip(waiting, completions, strict=True):
            answers[level] = recorded(level, levels[level], completion, chain_index, answers.get(level))
    for level in askers.values():
        if not committed(answers[level], task):
            end = levels[level].segments
            answers[level] = with_fallback(answers, level, chain[end - 1].said if end else "", task)
    return tuple(
        answers[level]
        if askers[asked.segments] == level
        else replace(answers[askers[asked.segments]], level=level, stop=asked.stop, same_as=askers[asked.segments])
        for level, asked in levels.items()
    )


def answer_step(forcing: Forcing, chain: tuple[Segment, ...], asked: Asked, task: Task, seed: int, tries: int) -> Step:
    """The request for an answer, bound to the choices after thinking that was cut off, or when asked again.

    The last try leaves out the segments at the end that did not close: an unfinished thought may be why no answer came.
    """
    thinking = chain[: asked.segments]
    while tries == MOST_TRIES and thinking and thinking[-1].stop != "closed":
        thinking = thinking[:-1]
    return Step(
        prefix=(
            *chain_so_far(forcing, thinking),
            Piece(text=forcing.thinking_close + forcing.answer_cue),
        ),
        stop=(),
        max_tokens=forcing.max_answer_tokens,
        min_tokens=1,
        seed=seed,
        instruction=forcing.instruction,
        choices=task.choices if asked.stop != "closed" or tries > 1 else (),
        json_schema=forcing.answer_schema,
    )


def recorded(level: int, asked: Asked, completion: Completion, chain_index: int, before: Answer | None) -> Answer:
    """An answer as it is recorded, without what it repeats; one asked for again counts the tokens of both."""
    loop = find_loop(completion.text)
    return Answer(
        level=level,
        chain=chain_index,
        segments=asked.segments,
        stop=asked.stop,
        text=completion.text[: loop.start] if loop else completion.text,
        tokens=completion.tokens + (before.tokens if before else 0),
        finish=completion.finish,
        logprob=completion.logprob,
        tries=before.tries + 1 if before else 1,
    )


def with_fallback(answers: Mapping[int, Answer], level: int, said: str, task: Task) -> Answer:
    """An answer that commits to nothing, its text replaced by an answer in the thinking or at the next lower level."""
    lower = [answers[other].text for other in sorted(answers, reverse=True) if other < level]
    for text in (said, *lower):
        if text and task.read(text) is not None:
            return replace(answers[level], text=text)
    return answers[level]


def committed(given: Answer, task: Task) -> bool:
    """Whether an answer commits to something."""
    return task.read(given.text) is not None


def again(tries: int) -> tuple[int, ...]:
    """What tells the seeds of later tries from that of the first."""
    return () if tries == 1 else (tries,)
