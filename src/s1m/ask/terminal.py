"""The events of one question on a terminal, as they happen.

One lane is written at a time: a stretch of thinking up to where an answer was asked for, or an answer. What other lanes
say meanwhile is kept, and follows when the one before has ended. So an answer stands where it was asked for, though the
chain goes on while it is written.

    I read 39973, so far 39973, sum 31.
    answer at level 0: 31
    [stop 1 ignored] Wait, I read 34473, ...
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from s1m.files.printing import escaped
from s1m.forcing.events import (
    AnswerBegun,
    AnswerEnded,
    AnswerText,
    Event,
    Finished,
    SegmentEnded,
    StopIgnored,
    ThinkingText,
)
from s1m.types import Segment

THINKING, IGNORED, ANSWER, NOTE = "dim", "black on yellow", "bold", "italic dim"

Lane = tuple[str, ...]


@dataclass
class _Kept:
    """What a lane has to say and has not written yet, and whether it will say more."""

    pieces: list[Text] = field(default_factory=list)
    ended: bool = False


class Live:
    """Writes events to a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lanes: OrderedDict[Lane, _Kept] = OrderedDict()
        self._stretches: Counter[int] = Counter()
        """By chain, how many stretches of its thinking have ended."""
        self._chain = 0  # whose thinking the last lane of thinking is
        self._at_line_start = True

    def show(self, event: Event) -> None:
        """Write what an event says, or keep it until its lane's turn."""
        if isinstance(event, StopIgnored):
            self._think(event.chain, "\n", THINKING)
            self._think(event.chain, f"[stop {event.segment} ignored] {event.injected}", IGNORED)
        elif isinstance(event, ThinkingText):
            self._think(event.chain, event.text, THINKING)
        elif isinstance(event, SegmentEnded):
            self._think(event.chain, note_of(event.ended), NOTE)
        elif isinstance(event, AnswerBegun):
            if event.tries == 1:  # what is asked again is so while the chain goes on
                self._end(self._thinking(event.chain))
                self._stretches[event.chain] += 1
            of_chain = f" of chain {event.chain + 1}" if event.chain else ""
            again = f", asked {event.tries} times" if event.tries > 1 else ""
            self._say(_answer(event), f"\nanswer{of_chain} at level {event.level}{again}: ", NOTE)
        elif isinstance(event, AnswerText):
            self._say(_answer(event), event.text, ANSWER)
        elif isinstance(event, AnswerEnded):
            self._end(_answer(event))
        elif isinstance(event, Finished):
            for lane in list(self._lanes):
                self._end(lane)
            self._line()
        self._advance()

    def _think(self, chain: int, text: str, style: str) -> None:
        if not text:
            return
        lane = self._thinking(chain)
        if lane not in self._lanes:
            self._say(lane, "\n" if chain == self._chain else f"\nchain {chain + 1}\n", NOTE)
            self._chain = chain
        self._say(lane, text, style)

    def _say(self, lane: Lane, text: str, style: str) -> None:
        self._lanes.setdefault(lane, _Kept()).pieces.append(Text(escaped(text), style))

    def _end(self, lane: Lane) -> None:
        if lane in self._lanes:
            self._lanes[lane].ended = True

    def _advance(self) -> None:
        """Write what the lanes whose turn it is have to say."""
        for kept in self._lanes.values():
            for piece in kept.pieces:
                self._write(piece)
            kept.pieces.clear()
            if not kept.ended:
                return

    def _write(self, piece: Text) -> None:
        if piece.plain.startswith("\n") and self._at_line_start:
            piece = piece[1:]
        if piece.plain:
            self._console.print(piece, end="", soft_wrap=True)
            self._at_line_start = piece.plain.endswith("\n")

    def _thinking(self, chain: int) -> Lane:
        return ("thinking", str(chain), str(self._stretches[chain]))

    def _line(self) -> None:
        self._advance()
        self._write(Text("\n"))


def note_of(segment: Segment) -> str:
    """What is said of a segment that did not end as it should; nothing of one that closed."""
    cut = f", {segment.cut_characters:,} characters cut" if segment.cut_characters else ""
    return "" if segment.stop == "closed" and not cut else f" [{segment.stop}{cut}]"


def _answer(event: AnswerBegun | AnswerText | AnswerEnded) -> Lane:
    return ("answer", str(event.chain), str(event.level), str(event.tries))
