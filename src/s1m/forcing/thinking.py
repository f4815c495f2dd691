"""The thinking half of a flow: segments up to a stop, a loop or the end of the budget, and what follows each.

An engine that ignores stops itself may write several segments in one request; the flow asks for them as ``AtOnce`` and
reads what comes back segment by segment, so that a trace is the same however many requests it took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from s1m.forcing.endings import Ending, find_answered, find_ending, flaws_of
from s1m.forcing.loops.reader import LoopReader
from s1m.forcing.strategy import Part
from s1m.forcing.turn import Forcing, chain_so_far, derive_seed, injection, joined, joined_ids
from s1m.types import AtOnce, Completion, CutLoop, Piece, Purpose, Segment, Step, StopClass

MOST_LOOP_CHARACTERS = 2000
"""Of a loop that are recorded. One that is read while it is written is seen within some hundred tokens; an engine that
writes everything at once may have repeated a line until its budget was spent."""


def can_go_on(forcing: Forcing, chain: Sequence[Segment]) -> bool:
    """Whether the last stop of a chain can be ignored: budget is left, and its last two segments are not both loops."""
    stops = [segment.stop for segment in chain[-2:]]
    return tokens_left(forcing, chain) > 0 and "capped" not in stops and stops != ["looped"] * 2


def tokens_left(forcing: Forcing, chain: Sequence[Segment]) -> int:
    """What is left of the thinking budget. An empty segment counts as one token, or a chain might never end."""
    return forcing.max_thinking_tokens - sum(max(1, segment.tokens) for segment in chain)


def think_on(
    forcing: Forcing, chain: tuple[Segment, ...], seed: int, chain_index: int = 0, *, ahead: int = 0
) -> Part[tuple[Segment, ...]]:
    """The chain with one more segment, after an ignore string unless it is the first.

    With up to ``ahead`` more from an engine that ignores stops itself. A loop is cut and the chain continued from there
    with another seed; the second loop in a segment ends it.
    """
    injected = forcing.ignore_string(len(chain) - 1) if chain else ""
    purpose = Purpose(chain=chain_index, finished=chain, injected=injected)
    own_seed = derive_seed(seed, "think", len(chain))
    budget = tokens_left(forcing, chain)
    later = tuple(derive_seed(seed, "think", len(chain) + number) for number in range(1, ahead + 1))
    *finished, segment = yield from think_ahead(forcing, chain, injected, budget, own_seed, purpose, later)
    chain = (*chain, *finished)
    left = tokens_left(forcing, (*chain, segment))
    if segment.stop == "looped" and left > 0:
        own_seed = derive_seed(seed, "think", len(chain), "again")
        purpose = replace(purpose, finished=chain, injected=segment.injected)
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
        loops=(*looped.loops, *(replace(loop, at=len(looped.text) + loop.at) for loop in more.loops)),
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
    purpose = purpose or Purpose(chain=0, finished=before, injected=injected)
    (segment,) = yield from think_ahead(forcing, before, injected, budget, seed, purpose)
    return segment


def think_ahead(
    forcing: Forcing,
    before: tuple[Segment, ...],
    injected: str,
    budget: int,
    seed: int,
    purpose: Purpose,
    later: tuple[int, ...] = (),
) -> Part[tuple[Segment, ...]]:
    """The next segment, and one for each of the ``later`` seeds from an engine that ignores stops itself; at least one.

    What such an engine wrote after a segment that has to be cut rests on what is cut, and is dropped.
    """
    first = not injected and all(segment.stop == "looped" for segment in before)  # at the beginning, or after a loop
    minimum = forcing.min_thinking_tokens - sum(segment.tokens for segment in before) if first else 1
    done: list[Segment] = []
    thought = Thought(injected=injected)
    while True:
        room = budget - sum(max(1, segment.tokens) for segment in done) - thought.tokens
        chunk = min(forcing.chunk_tokens, room)
        missing = max(0, minimum - thought.tokens)
        # Images cannot be shown again inside the engine.
        ahead = 0 if thought.pieces or forcing.show_images_again else len(later)
        ignores = range(len(before), len(before) + ahead)
        (completion,) = yield (
            Step(
                prefix=(*chain_so_far(forcing, (*before, *done)), *thought.turn(forcing)),
                stop=(forcing.thinking_close,),
                max_tokens=chunk,
                min_tokens=min(chunk, missing),
                seed=derive_seed(seed, "chunk", len(thought.pieces)),
                instruction=forcing.instruction,
                at_once=AtOnce(
                    max_tokens=room,
                    min_tokens=min(room, missing),
                    reads=thought.reader,
                    ignore_strings=tuple(map(forcing.ignore_string, ignores)),
                    seeds=tuple(derive_seed(each, "chunk", 0) for each in later[:ahead]),
                ),
                purpose=purpose,
            ),
        )
        parts = (completion, *completion.further)
        for number, part in enumerate(parts, 1):
            thought.add(part)
            spent = sum(max(1, segment.tokens) for segment in done) + thought.tokens
            ending = ending_after(forcing, thought, part, spent=spent >= budget, whole=len(parts) > 1)
            if ending is None:
                break  # it goes on in the next step
            done.append(thought.ended(ending))
            if number == len(parts) or done[-1].stop != "closed" or done[-1].cut_characters:
                return tuple(done)
            thought, minimum = Thought(injected=forcing.ignore_string(len(before) + len(done) - 1)), 1


@dataclass(kw_only=True, eq=False)
class Thought:
    """A segment while it is written."""

    injected: str
    pieces: list[Piece] = field(default_factory=list)
    tokens: int = 0
    reader: LoopReader = field(default_factory=LoopReader)

    @property
    def text(self) -> str:
        """What was written so far."""
        return joined(self.pieces)

    def turn(self, forcing: Forcing) -> tuple[Piece, ...]:
        """Its part of the assistant's turn."""
        return (*injection(forcing, self.injected), *self.pieces)

    def add(self, completion: Completion) -> None:
        """Take in what was written next."""
        self.pieces.append(Piece(text=completion.text, token_ids=completion.token_ids))
        self.tokens += completion.tokens

    def ended(self, ending: Ending) -> Segment:
        """The segment up to its ending; the tokens of what is cut away count all the same."""
        text = self.text
        cut_characters = len(text) - ending.start
        return Segment(
            injected=self.injected,
            text=text[: ending.start],
            tokens=self.tokens,
            stop=ending.stop,
            cut_characters=cut_characters,
            flaws=ending.flaws,
            said=text[ending.start :] if "answered" in ending.flaws else "",
            token_ids=None if cut_characters else joined_ids(self.pieces),
            loops=loops_at(ending.start, text) if ending.stop == "looped" else (),
        )


def loops_at(start: int, text: str) -> tuple[CutLoop, ...]:
    """The loop that begins at ``start`` of a text, as it is recorded."""
    return (CutLoop(at=start, text=text[start : start + MOST_LOOP_CHARACTERS]),)


def ending_after(
    forcing: Forcing, thought: Thought, completion: Completion, *, spent: bool, whole: bool = False
) -> Ending | None:
    """How a segment ends that ``completion`` was just added to; None while it goes on.

    ``spent``: the thinking budget is used up. ``whole``: it was not read while it was written, and may have looped
    before it closed.
    """
    text = thought.text
    if misspelt := find_ending(text, forcing.thinking_close):
        return misspelt
    stop: StopClass | None = "closed" if completion.finish == "stop" else "capped" if spent else None
    if completion.finish == "eos":
        if answered := find_answered(text):
            return answered
        stop = "eos"
    elif (completion.finish == "length" or whole) and (loop := thought.reader.loop_in(text)):
        return Ending(start=loop.start, stop="looped")
    return Ending(start=len(text), stop=stop, flaws=flaws_of(text, forcing.thinking_open)) if stop else None
