"""Budget forcing as a conversation: think, ignore the end of thinking, answer.

A flow is a generator. It yields steps ("continue this turn, stop there, spend at most so much"), is sent what the
engine produced for each of them in the same order, and returns a trace. It does no I/O and knows no server, tokenizer
or benchmark, so the same lines run against vLLM, a laptop, a gateway and a test.

Steps yielded together do not depend on each other and may run at the same time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from s1m.forcing.loops import LoopWatch
from s1m.types import Answer, Completion, Piece, Segment, Step, StopClass, Trace

Flow = Generator[tuple[Step, ...], Sequence[Completion], Trace]


@dataclass(frozen=True, kw_only=True)
class Forcing:
    """What budget forcing needs to know. Budgets count generated tokens, not the strings put between them."""

    num_ignore: tuple[int, ...]
    """Levels at which an answer is wanted, rising."""
    ignore_strings: tuple[str, ...]
    max_thinking_tokens: int
    max_answer_tokens: int
    min_thinking_tokens: int = 0
    thinking_open: str = "<think>\n"
    thinking_close: str = "</think>"
    answer_cue: str = "\nFinal answer: "
    chunk_tokens: int = 128
    """Thinking is asked for in chunks of this size, and checked for loops between them."""

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


def nested_sweep(forcing: Forcing, seed: int) -> Flow:
    """One chain up to the largest level, an answer branched off at every level: the chain for k starts that for k+1."""
    chain = yield from think(forcing, forcing.num_ignore[-1], seed)
    answers = yield from answer(forcing, chain, forcing.num_ignore, seed)
    return Trace(chains=(chain,), answers=answers)


def independent_sweep(forcing: Forcing, seed: int) -> Flow:
    """Every level from scratch with its own seed, as S1-M measures: dearer by the square of the levels."""
    chains: list[tuple[Segment, ...]] = []
    answers: list[Answer] = []
    for level in forcing.num_ignore:
        level_seed = derive_seed(seed, "level", level)
        chain = yield from think(forcing, level, level_seed)
        answers += yield from answer(forcing, chain, (level,), level_seed, chain_index=len(chains))
        chains.append(chain)
    return Trace(chains=tuple(chains), answers=tuple(answers))


SWEEPS = {"nested": nested_sweep, "independent": independent_sweep}


def think(
    forcing: Forcing, ignores: int, seed: int
) -> Generator[tuple[Step, ...], Sequence[Completion], tuple[Segment, ...]]:
    """A chain of thought whose end is refused ``ignores`` times, within one thinking budget.

    Shorter than ``ignores + 1`` segments when the budget is spent or a loop is cut: neither can be helped by going on.
    """
    segments: list[Segment] = []
    left = forcing.max_thinking_tokens
    while len(segments) <= ignores and left > 0:
        segment = yield from think_once(forcing, tuple(segments), left, derive_seed(seed, "think", len(segments)))
        segments.append(segment)
        left -= max(1, segment.tokens)  # a refusal that brings forth nothing is not free, or it would never end
        if segment.stop in ("capped", "looped"):
            break
    return tuple(segments)


def think_once(
    forcing: Forcing, before: tuple[Segment, ...], budget: int, seed: int
) -> Generator[tuple[Step, ...], Sequence[Completion], Segment]:
    """The next segment of a chain: up to ``budget`` tokens until the model ends its thinking or repeats itself."""
    injected = forcing.ignore_string(len(before) - 1) if before else ""
    minimum = 1 if before else forcing.min_thinking_tokens
    pieces: list[Piece] = []
    watch = LoopWatch()
    tokens = 0
    stop: StopClass | None = None
    while stop is None:
        room = min(forcing.chunk_tokens, budget - tokens)
        (completion,) = yield (
            Step(
                prefix=(*chain_so_far(forcing, before), *spoken(injected), *pieces),
                stop=(forcing.thinking_close,),
                max_tokens=room,
                min_tokens=min(room, max(0, minimum - tokens)),
                seed=derive_seed(seed, "chunk", len(pieces)),
            ),
        )
        pieces.append(Piece(text=completion.text, token_ids=completion.token_ids))
        tokens += completion.tokens
        if completion.finish == "stop":
            stop = "closed"
        elif completion.finish == "eos":
            stop = "eos"
        elif loop := watch.feed(completion.text):
            return cut_loop(injected, pieces, tokens, loop.start)
        elif tokens >= budget:
            stop = "capped"
    return Segment(injected=injected, text=joined(pieces), tokens=tokens, stop=stop, token_ids=joined_ids(pieces))


def cut_loop(injected: str, pieces: Sequence[Piece], tokens: int, start: int) -> Segment:
    """A looped segment without its repetition; its tokens were spent all the same."""
    text = joined(pieces)
    return Segment(injected=injected, text=text[:start], tokens=tokens, stop="looped", cut_characters=len(text) - start)


def answer(
    forcing: Forcing, chain: tuple[Segment, ...], levels: Sequence[int], seed: int, chain_index: int = 0
) -> Generator[tuple[Step, ...], Sequence[Completion], tuple[Answer, ...]]:
    """An answer at every level, each asked from its own budget; levels that the chain never reached share the last."""
    askers: dict[int, int] = {}  # segments an answer rests on -> the lowest level that rests on as many
    for level in levels:
        askers.setdefault(min(level + 1, len(chain)), level)
    completions = yield tuple(
        Step(
            prefix=(
                *chain_so_far(forcing, chain[:segments]),
                Piece(text=forcing.thinking_close + forcing.answer_cue),
            ),
            stop=(),
            max_tokens=forcing.max_answer_tokens,
            min_tokens=1,
            seed=derive_seed(seed, "answer", level),
        )
        for segments, level in askers.items()
    )
    said = dict(zip(askers, completions, strict=True))
    answers = []
    for level in levels:
        segments = min(level + 1, len(chain))
        completion = said[segments]
        answers.append(
            Answer(
                num_ignore=level,
                chain=chain_index,
                segments=segments,
                stop=end_of_thinking(chain, level),
                text=completion.text,
                tokens=completion.tokens,
                finish=completion.finish,
                same_as=None if askers[segments] == level else askers[segments],
            )
        )
    return tuple(answers)


def end_of_thinking(chain: tuple[Segment, ...], level: int) -> StopClass:
    """How the thinking behind an answer ended. A chain too short for the level was looped, or else out of budget."""
    if level < len(chain):
        return chain[level].stop
    return "looped" if chain[-1].stop == "looped" else "capped"


def chain_so_far(forcing: Forcing, chain: Sequence[Segment]) -> tuple[Piece, ...]:
    """The assistant's turn up to the end of a chain, as pieces."""
    pieces = [*spoken(forcing.thinking_open)]
    for segment in chain:
        pieces += [*spoken(segment.injected), Piece(text=segment.text, token_ids=segment.token_ids)]
    return tuple(pieces)


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
