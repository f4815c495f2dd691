"""The training traces of the bundled model: how a careless reader looks at digits, again and again.

One *look* is one line:

    I read 3714, so far 3714, sum 0+3=3+7=10+1=11+4=15.

It reads every digit of the picture (a second row follows a slash), states the best reading so far, and works out the
question from that. The reader is careless: each digit is misread, independently on every look, as its look-alike with
probability ``MISREAD``. The best reading so far is decided by counting: a digit replaces the standing one only when it
has been read strictly more often. So one look is often wrong, many looks seldom are, and the only way to gain is to
look again and to count over what stands in the text.

A trace of n looks is the model's own turn of a budget-forced conversation whose end was refused n - 1 times. After
every look the target is ``</think>``; at a refused end the text goes on with an ignore string instead, which is
context without loss. The model therefore always wants to stop after one look, never says "Wait," by itself, and knows
how to go on when it is made to.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from s1m.forcing.presets import IGNORE_STRINGS

MISREAD = 0.18
LOOK_ALIKE = {0: 2, 2: 0, 1: 7, 7: 1, 3: 8, 8: 3, 4: 9, 9: 4, 5: 6, 6: 5}
MAX_LOOKS = 10
"""Two more than the demo asks for, so that the last levels are not the edge of what was trained."""

THINK_OPEN = "<think>\n"
THINK_CLOSE = "</think>"
ANSWER_CUE = "\nFinal answer: "
ALL_IGNORE_STRINGS = tuple(dict.fromkeys(text for preset in IGNORE_STRINGS.values() for text in preset))


@dataclass(frozen=True)
class Stretch:
    """Text of a trace, and whether the model is to learn it (else it is context)."""

    text: str
    learned: bool
    refused_end: bool = False
    """True for an ignore string: the target just before it is the end of thinking."""


def misread(digit: int, rng: random.Random) -> int:
    """A digit as the careless reader sees it on one look."""
    return LOOK_ALIKE[digit] if rng.random() < MISREAD else digit


def working(kind: str, digits: Sequence[int]) -> tuple[str, int]:
    """The working of a question over digits, as text, and its result."""
    if kind == "sum":
        steps = [f"+{digit}={sum(digits[: i + 1])}" for i, digit in enumerate(digits)]
        return "sum 0" + "".join(steps), sum(digits)
    if kind == "range":
        high, low = max(digits), min(digits)
        return f"largest {high} smallest {low} difference {high - low}", high - low
    counts = [sum(d % 2 == 0 for d in digits[: i + 1]) for i in range(len(digits))]
    return f"even {''.join(str(c) for c in counts)}", counts[-1]


def written(digits: Sequence[int], columns: int) -> str:
    """Digits row by row, rows joined by a slash."""
    rows = [digits[i : i + columns] for i in range(0, len(digits), columns)]
    return "/".join("".join(str(digit) for digit in row) for row in rows)


def settle(votes: Sequence[Counter[int]], standing: Sequence[int]) -> list[int]:
    """The best reading: what stands, unless something has been read strictly more often."""
    best = []
    for counter, digit in zip(votes, standing, strict=True):
        winner, count = counter.most_common(1)[0]
        best.append(winner if count > counter[digit] else digit)
    return best


def make_trace(digits: Sequence[int], columns: int, kind: str, looks: int, rng: random.Random) -> list[Stretch]:
    """The assistant's turn for a picture of ``digits``: ``looks`` looks, then the answer."""
    stretches = [Stretch(THINK_OPEN, learned=True)]
    votes: list[Counter[int]] = [Counter() for _ in digits]
    standing: list[int] = []
    result = 0
    for look in range(looks):
        if look:
            stretches.append(Stretch(rng.choice(ALL_IGNORE_STRINGS), learned=False, refused_end=True))
        seen = [misread(digit, rng) for digit in digits]
        for counter, digit in zip(votes, seen, strict=True):
            counter[digit] += 1
        standing = settle(votes, standing or seen)
        work, result = working(kind, standing)
        opening = " I" if look else "I"
        line = f"{opening} read {written(seen, columns)}, so far {written(standing, columns)}, {work}.\n"
        stretches.append(Stretch(line, learned=True))
    stretches.append(Stretch(THINK_CLOSE, learned=True))
    stretches.append(Stretch(ANSWER_CUE, learned=True))
    stretches.append(Stretch(f"{result}<|im_end|>", learned=True))
    return stretches
