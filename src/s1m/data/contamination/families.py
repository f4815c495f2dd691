"""Which questions are made from a template: many others have most of their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALIKE = 0.45
"""Words that two questions share, of all that either has, from which they are of one family."""
MEMBERS = 5
"""Others in a question's family from which it is a template."""


def templates(questions: Sequence[NDArray[np.uint64]], background: Sequence[NDArray[np.uint64]]) -> NDArray[np.bool_]:
    """For each question whether it is a template, judged by all other questions and the background, copies left out."""
    import numpy as np

    every = [np.unique(question) for question in (*questions, *background)]
    different = list({question.tobytes(): question for question in every}.values())
    sizes = np.array([len(question) for question in different])
    flat = np.concatenate([np.zeros(0, np.uint64), *different])
    order = np.argsort(flat, kind="stable")
    known, starts = np.unique(flat[order], return_index=True)
    holders = np.split(np.repeat(np.arange(len(different)), sizes)[order], starts[1:])
    flags = []
    for question in every[: len(questions)]:
        # By the lists of who holds a word: questions without a word in common, nearly all of them, cost nothing.
        sharing = [holders[slot] for slot in np.searchsorted(known, question)]
        shared = np.bincount(np.concatenate([np.zeros(0, np.int64), *sharing]), minlength=len(different))
        alike = shared / np.maximum(1, len(question) + sizes - shared) >= ALIKE
        # Less 1: the question is among those that it is compared with.
        flags.append(int(alike.sum()) - 1 >= MEMBERS)
    return np.array(flags, dtype=np.bool_)
