"""A text as pieces that stand for tokens: words, single digits, single signs, line ends.

Engines that work with text tell no token ids. A piece is about as long as a token of a large vocabulary, is the same
wherever it stands, and does not depend on how the text came in: the last piece of a part may go on in the next one and
is kept back.
"""

from __future__ import annotations

import re
from array import array

WHOLE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"""Signs that are words of their own: kana, ideographs, Hangul."""

PIECE = re.compile(rf" ?(?:[^\W\d_{WHOLE}]{{1,16}}|\S)|\s{{1,16}}")
"""A word with the blank before it, cut every 16 letters; any other sign by itself; blanks and line ends."""


class Pieces:
    """The pieces of a text that comes in parts."""

    def __init__(self) -> None:
        self._rest = ""
        self._ends = array("i", [0])

    def cut(self, text: str) -> list[str]:
        """The pieces that this part completes, without the blank before them."""
        pieces = PIECE.findall(self._rest + text)
        self._rest = pieces.pop() if pieces else ""
        end = self._ends[-1]
        bare = []
        for piece in pieces:
            end += len(piece)
            self._ends.append(end)
            bare.append(piece[1:] if piece[0] == " " and len(piece) > 1 else piece)
        return bare

    def end(self, pieces: int) -> int:
        """Characters of the first so many pieces."""
        return self._ends[pieces]
