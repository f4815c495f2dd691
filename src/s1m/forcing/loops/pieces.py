"""A text as pieces that stand for tokens: words, single digits, single signs, line ends.

Engines that work with text give no token ids. A piece is about as long as a token of a large vocabulary, is the same
wherever it stands, and does not depend on how the text came in: the last piece of a part may go on in the next one and
is kept back.
"""

from __future__ import annotations

import re
from array import array

WHOLE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Signs that are words of their own: kana, ideographs, Hangul."""

LONGEST = 16
"""Letters or blanks of a piece. Few words are longer, so that a longer one is cut without harm to any limit."""

PIECE = re.compile(
    rf"""
    [ ]? (?: [^\W\d_{WHOLE}]{{1,{LONGEST}}}     # " area", "triangle": a word with the blank before it
           | \S )                               # "7", " +", "\u9762": a digit, a sign, an ideograph by itself
  | \s{{1,{LONGEST}}}                           # "\n\n", "    ": line ends and indentation
    """,
    re.VERBOSE,
)

SHORTEST_WORD = 8
"""Letters up to which a pattern without blanks is taken apart. From nine letters on, the pieces that a run is cut into
differ enough for the detector; those of shorter patterns are few and so look like a row of signs, which is a loop only
after hundreds of them: 600 line breaks were 38 pieces, "ha" 600 times 75."""


class Pieces:
    """The pieces of a text that comes in parts."""

    def __init__(self) -> None:
        self._rest = ""
        self._run = ""
        """What is left of a run of copies without blanks; its next piece completes it."""
        self._was_long = False
        self._ends = array("i", [0])

    def cut(self, text: str) -> list[str]:
        """The pieces that this part completes, without the blank before them."""
        pieces = PIECE.findall(self._rest + text)
        self._rest = pieces.pop() if pieces else ""
        end = self._ends[-1]
        bare = []
        was_long = self._was_long
        for whole in pieces:
            for piece in self._copies(whole) if was_long else (whole,):
                end += len(piece)
                self._ends.append(end)
                bare.append(piece[1:] if piece[0] == " " and len(piece) > 1 else piece)
            was_long = len(whole) >= LONGEST
        self._was_long = was_long
        return bare

    def end(self, pieces: int) -> int:
        """Characters of the first ``pieces`` pieces."""
        return self._ends[pieces]

    def _copies(self, piece: str) -> list[str]:
        """A piece after one that was cut at the longest, one copy after another where it goes on with copies."""
        run, self._run = self._run + piece, ""
        period = shortest_period(run) if len(piece) >= LONGEST else len(run)
        if period > SHORTEST_WORD:
            carried = len(run) - len(piece)
            return [run[:carried], piece] if carried else [piece]
        whole = len(run) // period * period
        self._run = run[whole:]
        return [run[start : start + period] for start in range(0, whole, period)]


def shortest_period(text: str) -> int:
    """The least distance at which a text agrees with itself: 2 for hahah; its length where there is none."""
    return next((period for period in range(1, len(text)) if text[period:] == text[:-period]), len(text))
