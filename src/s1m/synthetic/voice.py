"""The wording of traces: phrasings are dealt like cards, so that none repeats before all the others have been used.

A trace of ten thousand tokens says much the same thing hundreds of times. A loop detector, and a model trained on it,
would take that for repetition if the sentences did not differ as much as what they are about.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from s1m.forcing.loops.pieces import PIECE
from s1m.forcing.presets import IGNORE_STRINGS

# Qwen's vocabulary has no token for a blank with a digit, as in " 7": the blank is a token of its own.
_BLANK_BEFORE_DIGIT = re.compile(r" \d")

DOUBTS = (
    *(string for string in IGNORE_STRINGS["s1m"] if string.endswith(".")),
    "Wait, this should be checked in another way.",
    "Before I answer, a check by another road.",
)
LOOKS = (*IGNORE_STRINGS["lookback"], "Wait, did I read the picture correctly?", "Back to the picture once more.")


class Voice:
    """Chooses phrasings by a seed of its own: the same seed gives the same text."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self._unused: dict[tuple[str, ...], list[str]] = {}

    def say(self, phrasings: tuple[str, ...], **values: object) -> str:
        """One of several phrasings, filled in with ``values``; all are used before one repeats."""
        unused = self._unused.get(phrasings)
        if not unused:
            unused = self._unused[phrasings] = self.rng.sample(phrasings, len(phrasings))
        return unused.pop().format(**values)


def listed(names: Sequence[object], last: str = "and") -> str:
    """``A, B and C``."""
    words = [str(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(number: int, thing: str) -> str:
    """``1 step``, ``3 steps``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def cell_name(cell: tuple[int, int]) -> str:
    """A cell (row, column) as the margins of a picture label it: column letter, row number, as in ``B3``."""
    row, column = cell
    return f"{chr(65 + column)}{row + 1}"


def length(text: str) -> int:
    """About how many tokens of Qwen's vocabulary a text has: its pieces, and the blanks before digits."""
    return len(PIECE.findall(text)) + len(_BLANK_BEFORE_DIGIT.findall(text))
