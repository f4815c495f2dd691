"""Budget forcing as a conversation: think, ignore the stop, answer.

A flow is a generator. It yields steps ("continue this turn, stop there, spend at most N tokens"), is sent the engine's
completions in the same order, and returns a trace. It does no I/O and knows no server, tokenizer or benchmark, so the
same lines run against vLLM, a laptop, a gateway and a test.

What is yielded together does not depend on each other and may run at the same time: steps, and parts of the
conversation that go on at their own pace. An answer is such a part, so a chain of thought does not wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from s1m.forcing.loops.watch import find_loop
from s1m.forcing.strategy import Part, Task, together
from s1m.forcing.thinking import can_go_on, think_on, think_once, tokens_left
from s1m.forcing.turn import Forcing, chain_so_far, derive_seed
from s1m.types import Answer, Completion, Piece, Purpose, Segment, Step, StopClass

__all__ = [
    "Asked",
    "Forcing",
    "after_refusals",
    "answer",
    "can_go_on",
    "derive_seed",
    "think_on",
    "think_once",
    "tokens_left",
]

MOST_TRIES = 3
"""Times that an answer is asked for until it commits to something. The second try has another seed and is bound to
the choices, the third does without thinking that did not close."""


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
    forcing: Forcing,
    chain: tuple[Segment, ...],
    levels: Mapping[int, Asked],
    task: Task,
    chain_index: int = 0,
    before: Mapping[int, Answer] = MappingProxyType({}),
) -> Part[tuple[Answer, ...]]:
    """An answer at every level, each from its own budget; levels that rest on the same segments share the lowest's.

    ``before`` are answers by level that were asked for earlier; one that commits to nothing may take their text.
    """
    given = yield from ask(forcing, chain, levels, task, chain_index)
    return settled(chain, levels, given, task, before)


def ask(
    forcing: Forcing, chain: tuple[Segment, ...], levels: Mapping[int, Asked], task: Task, chain_index: int = 0
) -> Part[dict[int, Answer]]:
    """What the model says at each of the levels that is asked, see ``askers_of``; ``settled`` makes answers of it."""
    asking = [ask_at(forcing, chain, level, levels[level], task, chain_index) for level in askers_of(levels).values()]
    return {given.level: given for given in (yield from together(asking))}


def ask_at(
    forcing: Forcing, chain: tuple[Segment, ...], level: int, asked: Asked, task: Task, chain_index: int
) -> Part[Answer]:
    """What the model says at a level, asked again while that commits to nothing, ``MOST_TRIES`` times in all."""
    given: Answer | None = None
    for tries in range(1, MOST_TRIES + 1):
        step = answer_step(forcing, chain, asked, task, derive_seed(task.seed, "answer", level, *again(tries)), tries)
        purpose = Purpose(chain=chain_index, finished=chain, level=level, tries=tries)
        (completion,) = yield (replace(step, purpose=purpose),)
        given = recorded(level, asked, completion, chain_index, given)
        if committed(given, task):
            break
    assert given is not None
    return given


def askers_of(levels: Mapping[int, Asked]) -> dict[int, int]:
    """By the number of segments that an answer rests on, the level that is asked: the lowest of those that share it."""
    askers: dict[int, int] = {}
    for level, asked in levels.items():
        askers.setdefault(asked.segments, level)
    return askers


def settled(
    chain: tuple[Segment, ...],
    levels: Mapping[int, Asked],
    given: Mapping[int, Answer],
    task: Task,
    before: Mapping[int, Answer] = MappingProxyType({}),
) -> tuple[Answer, ...]:
    """The answer at every level, from what was ``given`` at those that were asked; ``before`` as in ``answer``."""
    askers, answers = askers_of(levels), dict(given)
    for level in askers.values():
        if not committed(answers[level], task):
            end = levels[level].segments
            answers[level] = with_fallback({**before, **answers}, level, chain[end - 1].said if end else "", task)
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
