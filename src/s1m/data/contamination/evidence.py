"""How much a question's words say about where it comes from, in bits.

A word is worth as many bits as it surprises a reader of all *other* questions: little where templates predict it ("what
is the area of the shaded ..."), much where no other question continues like this. The probability of a word is
the fraction of the other questions with the three words before it that continue with it; where there are none, that of
fewer words, times 0.4
(T. Brants and others, Large language models in machine translation, 2007).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ORDER = 4
"""Words of the longest run that is counted."""
OWN = 2
"""Questions with a run that do not count: the question itself, and one copy of it in other words."""
MOST = 14.0
"""Bits that one word is worth at most: otherwise one misspelt word would be evidence for two."""
BACKOFF = 0.4
"""Factor for each word by which the context is shortened; the value of the paper."""
# 2**64 over the golden ratio, odd: multiplying by it spreads the bits of a code over the whole word.
_BASE = 0x9E3779B97F4A7C15


@lru_cache(1 << 16)
def _code(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def codes(text: Sequence[str]) -> NDArray[np.uint64]:
    """A number for each word, the same on every machine."""
    import numpy as np

    return np.array([_code(word) for word in text], dtype=np.uint64)


def runs(coded: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """A number for every run of ``length`` words, by the index of its first word."""
    import numpy as np

    if len(coded) < length:
        return np.zeros(0, dtype=np.uint64)
    # A polynomial in the codes. uint64 arrays wrap around in silence, where a scalar of numpy would warn.
    total = np.zeros(len(coded) - length + 1, dtype=np.uint64)
    for offset in range(length):  # one pass a word of the run, over all runs at once
        total = total * np.uint64(_BASE) + coded[offset : offset + len(total)]
    return total


class Counts:
    """In how many different questions each run of words stands."""

    def __init__(self, questions: Sequence[NDArray[np.uint64]]) -> None:
        import numpy as np

        different = list({question.tobytes(): question for question in questions}.values())
        self.questions = len(different)
        self._runs: list[NDArray[np.uint64]] = []
        self._counts: list[NDArray[np.int64]] = []
        for length in range(1, ORDER + 1):
            each = [np.unique(runs(question, length)) for question in different]
            distinct, counts = np.unique(np.concatenate([np.zeros(0, np.uint64), *each]), return_counts=True)
            self._runs.append(distinct)
            self._counts.append(counts)

    def of(self, wanted: NDArray[np.uint64], length: int) -> NDArray[np.int64]:
        """How many questions have each of these runs."""
        import numpy as np

        known, counts = self._runs[length - 1], self._counts[length - 1]
        if not len(known):
            return np.zeros(len(wanted), dtype=np.int64)
        # searchsorted gives len(known) for what is beyond the last, which no index may be.
        slots = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[slots] == wanted, counts[slots], 0)

    def bits(self, question: NDArray[np.uint64]) -> NDArray[np.float32]:
        """What each word of a question is worth, of shape (words,); the question may be among those counted."""
        import numpy as np

        size = len(question)
        # One more than counted, above and below: a word of no other question has no probability of 0, thus finite bits.
        others = np.maximum(self.of(question, 1) - OWN, 0)
        chance = BACKOFF ** (ORDER - 1) * (others + 1) / (self.questions + 1)
        for length in range(2, min(ORDER, size) + 1):
            with_word = np.maximum(self.of(runs(question, length), length) - OWN, 0)
            # At least 1: a context that no other question has would divide by 0.
            context = np.maximum(self.of(runs(question[:-1], length - 1), length - 1) - OWN, 1)
            continued = BACKOFF ** (ORDER - length) * with_word / np.maximum(context, with_word)
            chance[length - 1 :] = np.where(with_word > 0, continued, chance[length - 1 :])
        return np.minimum(-np.log2(chance), MOST).astype(np.float32)
