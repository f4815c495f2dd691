"""How a trace speaks: phrasings are dealt like cards, so that none comes again before the others have been heard.

A trace of ten thousand tokens says much the same thing hundreds of times. A reader, and a detector of loops, take that
for progress as long as the sentences differ as much as what they speak of.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from s1m.forcing.loops.pieces import PIECE
from s1m.forcing.presets import IGNORE_STRINGS

_NUMBER = re.compile(r" \d")

DOUBTS = (
    *(string for string in IGNORE_STRINGS["s1m"] if string.endswith(".")),
    "Wait, this should be checked in another way.",
    "Before I answer, a check by another road.",
)
LOOKS = (*IGNORE_STRINGS["lookback"], "Wait, did I read the picture correctly?", "Back to the picture once more.")


class Voice:
    """A speaker with a seed of its own."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self._hands: dict[tuple[str, ...], list[str]] = {}

    def say(self, phrasings: tuple[str, ...], **values: object) -> str:
        """One of several phrasings with its places filled in; all are used before one comes again."""
        hand = self._hands.get(phrasings)
        if not hand:
            hand = self._hands[phrasings] = self.rng.sample(phrasings, len(phrasings))
        return hand.pop().format(**values)


def listed(names: Sequence[object], last: str = "and") -> str:
    """``A, B and C``."""
    words = [str(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(number: int, thing: str, many: str = "") -> str:
    """``1 step``, ``3 steps``."""
    return f"{number} {thing if number == 1 else many or thing + 's'}"


def length(text: str) -> int:
    """About how many tokens a text has: its pieces, and blanks before digits, which Qwen's vocabulary keeps apart."""
    return len(PIECE.findall(text)) + len(_NUMBER.findall(text))
