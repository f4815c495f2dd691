"""Budget forcing as a conversation: think, ignore the end of thinking, answer.

A flow is a generator. It yields steps ("continue this turn, stop there, spend at most so much"), is sent what the
engine produced for each of them in the same order, and returns a trace. It does no I/O and knows no server, tokenizer
or benchmark, so the same lines run against vLLM, a laptop, a gateway and a test.

Steps yielded together do not depend on each other and may run at the same time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from s1m.families import DEFAULT
from s1m.forcing.endings import Ending, find_answered, find_ending, flaws_of
from s1m.forcing.loops.watch import LoopWatch, find_loop
from s1m.forcing.strategy import Part, Task
from s1m.types import Answer, Completion, Piece, Segment, Step, StopClass

MOST_TRIES = 3
"""Times that an answer is asked for until it commits to something."""


@dataclass(frozen=True, kw_only=True)
class Forcing:
    """What budget forcing needs to know. Budgets count generated tokens, not the strings put between them."""

    num_ignore: tuple[int, ...]
    """Levels at which an answer is wanted, rising."""
    ignore_strings: tuple[str, ...]
    max_thinking_tokens: int
    max_answer_tokens: int
    min_thinking_tokens: int = 0
    thinking_open: str = DEFAULT.opening_line
    thinking_close: str = DEFAULT.closing
    answer_cue: str = "\nFinal answer: "
    chunk_tokens: int = 128
    """Thinking is asked for in chunks of this size, and checked for loops between them."""
    show_images_again: bool = False
    """Show the problem's images again after every ignore string."""
    instruction: str = ""
    """Said after the question."""

    def __post_init__(self) -> None:
        if not self.num_ignore or sorted(set(self.num_ignore)) != list(self.num_ignore) or self.num_ignore[0] < 0:
            raise ValueError(
                f"num_ignore must be different whole numbers from 0 in rising order, not {self.num_ignore}"
            )
        if not self.ignore_strings or not all(self.ignore_strings):
            raise ValueError("ignore_strings must be at least one string, and none of them empty")
        if not self.thinking_close:
            raise ValueError("thinking_close is empty; without a delimiter no end of thinking can be seen")
        for name in ("max_thinking_tokens", "max_answer_tokens", "chunk_tokens"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.min_thinking_tokens <= self.max_thinking_tokens:
            raise ValueError(
                f"min_thinking_tokens must lie between 0 and max_thinking_tokens ({self.max_thinking_tokens}), "
                f"not {self.min_thinking_tokens}"
            )

    def ignore_string(self, times_ignored: int) -> str:
        """What is said at the next refusal; the strings take turns."""
        return self.ignore_strings[times_ignored % len(self.ignore_strings)]


def think(forcing: Forcing, ignores: int, seed: int) -> Part[tuple[Segment, ...]]:
    """A chain of thought whose end is refused ``ignores`` times, within one thinking budget.

    Shorter than ``ignores + 1`` segments when the budget is spent, or when two in a row had to be cut for loops.
    """
    segments: tuple[Segment, ...] = ()
    while len(segments) <= ignores and can_go_on(forcing, segments):
        segments = yield from think_on(forcing, segments, seed)
    return segments


def can_go_on(forcing: Forcing, chain: Sequence[Segment]) -> bool:
    """Whether the end of a chain can be refused: the budget is not spent, and no refusal has led from loop to loop."""
    stops = [segment.stop for segment in chain[-2:]]
    return tokens_left(forcing, chain) > 0 and "capped" not in stops and stops != ["looped"] * 2


def tokens_left(forcing: Forcing, chain: Sequence[Segment]) -> int:
    """What is left of the thinking budget; a refusal that brings forth nothing is not free, or it would never end."""
    return forcing.max_thinking_tokens - sum(max(1, segment.tokens) for segment in chain)


def think_on(forcing: Forcing, chain: tuple[Segment, ...], seed: int) -> Part[tuple[Segment, ...]]:
    """The chain with one more segment, its end refused where there is one.

    A loop is cut and thought on from there with another seed, as if it had never been; the second in a segment ends it.
    """
    injected = forcing.ignore_string(len(chain) - 1) if chain else ""
    own_seed = derive_seed(seed, "think", len(chain))
    segment = yield from think_once(forcing, chain, injected, tokens_left(forcing, chain), own_seed)
    left = tokens_left(forcing, (*chain, segment))
    if segment.stop == "looped" and left > 0:
        own_seed = derive_seed(seed, "think", len(chain), "again")
        segment = mended(segment, (yield from think_once(forcing, (*chain, segment), "", left, own_seed)))
    return (*chain, segment)


def mended(looped: Segment, more: Segment) -> Segment:
    """One segment of what stood before a loop and what was thought on from there."""
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


def think_once(forcing: Forcing, before: tuple[Segment, ...], injected: str, budget: int, seed: int) -> Part[Segment]:
    """The next segment of a chain: up to ``budget`` tokens until the model ends its thinking or repeats itself."""
    first = not injected and all(segment.stop == "looped" for segment in before)  # at the beginning, or behind a loop
    minimum = forcing.min_thinking_tokens - sum(segment.tokens for segment in before) if first else 1
    pieces: list[Piece] = []
    watch = LoopWatch()
    tokens = 0
    stop: StopClass | None = None
    while stop is None:
        room = min(forcing.chunk_tokens, budget - tokens)
        (completion,) = yield (
            Step(
                prefix=(*chain_so_far(forcing, before), *refusal(forcing, injected), *pieces),
                stop=(forcing.thinking_close,),
                max_tokens=room,
                min_tokens=min(room, max(0, minimum - tokens)),
                seed=derive_seed(seed, "chunk", len(pieces)),
                instruction=forcing.instruction,
            ),
        )
        pieces.append(Piece(text=completion.text, token_ids=completion.token_ids))
        tokens += completion.tokens
        if ending := find_ending(joined(pieces), forcing.thinking_close):
            return cut_at(injected, pieces, tokens, ending)
        if completion.finish == "stop":
            stop = "closed"
        elif completion.finish == "eos":
            if answered_there := find_answered(joined(pieces)):
                return cut_at(injected, pieces, tokens, answered_there)
            stop = "eos"
        elif loop := watch.feed(completion.text):
            return cut_at(injected, pieces, tokens, Ending(start=loop.start, stop="looped"))
        elif tokens >= budget:
            stop = "capped"
    text = joined(pieces)
    return Segment(
        injected=injected,
        text=text,
        tokens=tokens,
        stop=stop,
        flaws=flaws_of(text, forcing.thinking_open),
        token_ids=joined_ids(pieces),
    )


def cut_at(injected: str, pieces: Sequence[Piece], tokens: int, ending: Ending) -> Segment:
    """A segment without what follows its ending; its tokens were spent all the same."""
    text = joined(pieces)
    return Segment(
        injected=injected,
        text=text[: ending.start],
        tokens=tokens,
        stop=ending.stop,
        cut_characters=len(text) - ending.start,
        flaws=ending.flaws,
        said=text[ending.start :] if "answered" in ending.flaws else "",
    )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Where in a chain an answer is asked for: after so many segments, and how the thinking before it ended."""

    segments: int
    stop: StopClass


def after_refusals(chain: Sequence[Segment], ignored: int) -> Asked:
    """Where the answer after ``ignored`` refused ends stands: at the end, for a chain that never reached so many.

    Such a chain was looped, or else out of budget.
    """
    if ignored < len(chain):
        return Asked(segments=ignored + 1, stop=chain[ignored].stop)
    return Asked(segments=len(chain), stop="looped" if chain[-1].stop == "looped" else "capped")


def answer(
    forcing: Forcing, chain: tuple[Segment, ...], levels: Mapping[int, Asked], task: Task, chain_index: int = 0
) -> Part[tuple[Answer, ...]]:
    """An answer at every level, each from its own budget; levels that end at the same place share the lowest's."""
    askers: dict[int, int] = {}  # segments an answer rests on -> the lowest level that rests on as many
    for level, asked in levels.items():
        askers.setdefault(asked.segments, level)
    answers: dict[int, Answer] = {}
    for tries in range(1, MOST_TRIES + 1):
        waiting = [level for level in askers.values() if level not in answers or not committed(answers[level], task)]
        if not waiting:
            break
        completions = yield tuple(
            ask(forcing, chain, levels[level], task, derive_seed(task.seed, "answer", level, *again(tries)), tries)
            for level in waiting
        )
        for level, completion in zip(waiting, completions, strict=True):
            answers[level] = answered(level, levels[level], completion, chain_index, answers.get(level))
    for level in askers.values():
        if not committed(answers[level], task):
            answers[level] = fallen_back(answers, level, chain[levels[level].segments - 1].said, task)
    return tuple(
        answers[level]
        if askers[asked.segments] == level
        else replace(answers[askers[asked.segments]], level=level, stop=asked.stop, same_as=askers[asked.segments])
        for level, asked in levels.items()
    )


def ask(forcing: Forcing, chain: tuple[Segment, ...], asked: Asked, task: Task, seed: int, tries: int) -> Step:
    """The request for an answer; one of the choices after a thinking that was cut off, or when asked again.

    The last try does without the stretches of thinking at the end that did not close: they may be what leads it astray.
    """
    behind = chain[: asked.segments]
    while tries == MOST_TRIES and behind and behind[-1].stop != "closed":
        behind = behind[:-1]
    return Step(
        prefix=(
            *chain_so_far(forcing, behind),
            Piece(text=forcing.thinking_close + forcing.answer_cue),
        ),
        stop=(),
        max_tokens=forcing.max_answer_tokens,
        min_tokens=1,
        seed=seed,
        instruction=forcing.instruction,
        choices=task.choices if asked.stop != "closed" or tries > 1 else (),
    )


def answered(level: int, asked: Asked, completion: Completion, chain_index: int, before: Answer | None) -> Answer:
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


def fallen_back(answers: Mapping[int, Answer], level: int, said: str, task: Task) -> Answer:
    """An answer that commits to nothing, with what was said in the thinking or answered at a lower level instead."""
    lower = [answers[other].text for other in sorted(answers, reverse=True) if other < level]
    for text in (said, *lower):
        if text and task.read(text) is not None:
            return replace(answers[level], text=text)
    return answers[level]


def committed(found: Answer, task: Task) -> bool:
    """Whether an answer commits to something."""
    return task.read(found.text) is not None


def again(tries: int) -> tuple[int, ...]:
    """What tells the seeds of later tries from that of the first."""
    return () if tries == 1 else (tries,)


def chain_so_far(forcing: Forcing, chain: Sequence[Segment]) -> tuple[Piece, ...]:
    """The assistant's turn up to the end of a chain, as pieces."""
    pieces = [*spoken(forcing.thinking_open)]
    for segment in chain:
        pieces += [*refusal(forcing, segment.injected), Piece(text=segment.text, token_ids=segment.token_ids)]
    return tuple(pieces)


def refusal(forcing: Forcing, injected: str) -> tuple[Piece, ...]:
    """What is put at a refused end, the images behind it where they are to be seen again."""
    return (Piece(text=injected, images=forcing.show_images_again),) if injected else ()


def spoken(text: str) -> tuple[Piece, ...]:
    """Injected text as a piece, or no piece at all for no text."""
    return (Piece(text=text),) if text else ()


def joined(pieces: Sequence[Piece]) -> str:
    """The text of pieces."""
    return "".join(piece.text for piece in pieces)


def joined_ids(pieces: Sequence[Piece]) -> tuple[int, ...] | None:
    """The token ids of pieces, or None when any of them has none."""
    ids: list[int] = []
    for piece in pieces:
        if piece.token_ids is None:
            return None
        ids += piece.token_ids
    return tuple(ids)


def derive_seed(seed: int, *path: str | int) -> int:
    """A seed of 31 bits for one place of a run, independent of every other place."""
    digest = hashlib.sha256(repr((seed, *path)).encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
