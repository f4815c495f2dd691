"""Traces for the digits benchmark, generated on the fly: a careless reader looks at digits again and again.

One *look* is one line:

    I read 3714, so far 3714, sum 0+3=3+7=10+1=11+4=15.

It reads every digit of the picture (a second row follows a slash), states the best reading so far, and answers the
question from that. The reader is careless: on every look, each digit is misread as its look-alike with probability
``MISREAD``, independently of the other looks. The best reading so far is a majority vote: a digit replaces the current
one only when it has been read strictly more often. So one look is often wrong, many looks rarely are, and the only way
to gain is to look again and to count over the text so far.

A trace of n looks is the model's turn of a budget-forced conversation with n - 1 ignored stops; an ignore string stands
at each of them. With ``forcing_targets`` the training target there is the end of thinking. The trained model therefore
stops after one look, never writes "Wait," by itself, and can continue where its stop is ignored.

Many rows have only one or two looks: the model learns a look first, and counting over many looks last.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from s1m.forcing.presets import IGNORE_STRINGS
from s1m.synthetic.digits.problems import (
    CELL,
    compose,
    draw_cell,
    handwriting,
    split_indices,
)

if TYPE_CHECKING:
    from PIL.Image import Image

MISREAD = 0.18
"""Probability of misreading a digit on one look: with 3 to 6 digits, 45 to 70 % of the looks have a mistake."""
# Always the same look-alike: two looks may agree on a wrong digit, so that only a majority of looks can tell.
LOOK_ALIKE = {0: 2, 2: 0, 1: 7, 7: 1, 3: 8, 8: 3, 4: 9, 9: 4, 5: 6, 6: 5}

ANSWER_CUE = "Final answer: "
ALL_IGNORE_STRINGS = tuple(dict.fromkeys((*IGNORE_STRINGS["s1"], *IGNORE_STRINGS["s1m"])))


@dataclass(frozen=True)
class Drawing:
    """A picture of handwritten digits, drawn when it is read."""

    indices: tuple[int, ...]
    """Indices into the bundled digits."""
    columns: int
    pen: str
    """Seed of the distortions."""

    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.columns * CELL, len(self.indices) // self.columns * CELL

    def read(self) -> bytes:
        """The encoded file."""
        rng = random.Random(self.pen)
        return compose([careless_pen(_cell(index), rng) for index in self.indices], self.columns)


def make_looks(digits: Sequence[int], columns: int, kind: str, looks: int, rng: random.Random) -> tuple[str, str]:
    """Thinking of ``looks`` looks at a picture of ``digits``, and the answer."""
    lines = []
    votes: list[Counter[int]] = [Counter() for _ in digits]
    best: list[int] = []
    result = 0
    for look in range(looks):
        seen = [misread(digit, rng) for digit in digits]
        for counter, digit in zip(votes, seen, strict=True):
            counter[digit] += 1
        best = best_reading(votes, best or seen)
        work, result = working(kind, best)
        opening = f"{rng.choice(ALL_IGNORE_STRINGS)} " if look else ""
        lines.append(f"{opening}I read {written(seen, columns)}, so far {written(best, columns)}, {work}.")
    return "\n".join(lines), f"{ANSWER_CUE}{result}"


def misread(digit: int, rng: random.Random) -> int:
    """A digit as the careless reader reads it on one look."""
    return LOOK_ALIKE[digit] if rng.random() < MISREAD else digit


def working(kind: str, digits: Sequence[int]) -> tuple[str, int]:
    """The working of a question (a key of ``QUESTIONS``) about digits, as text, and its result."""
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


def best_reading(votes: Sequence[Counter[int]], current: Sequence[int]) -> list[int]:
    """The current reading, except where another digit has been read strictly more often."""
    best = []
    for counter, digit in zip(votes, current, strict=True):
        winner, count = counter.most_common(1)[0]
        best.append(winner if count > counter[digit] else digit)
    return best


def careless_pen(cell: Image, rng: random.Random) -> Image:
    """A cell moved by up to two pixels, rotated by up to ten degrees and scaled by up to a tenth."""
    from PIL import Image as PILImage

    angle, scale = math.radians(rng.uniform(-10, 10)), rng.uniform(0.9, 1.1)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    centre = CELL / 2
    dx, dy = rng.uniform(-2, 2), rng.uniform(-2, 2)
    # Pillow's affine matrix maps output pixels to input pixels, hence the division by the scale.
    matrix = (
        cos, sin, centre + dx - cos * centre - sin * centre,
        -sin, cos, centre + dy + sin * centre - cos * centre,
    )  # fmt: skip
    return cell.transform(cell.size, PILImage.Transform.AFFINE, matrix, PILImage.Resampling.BILINEAR, fillcolor=255)


@cache
def _cell(index: int) -> Image:
    return draw_cell(handwriting()[0][index])


def digit_of(index: int) -> int:
    """The label, 0 to 9, of the bundled digit with this index."""
    return _labels()[index]


@cache
def training_indices() -> list[int]:
    """Indices of the bundled digits that belong to the training split; none belongs to the test split."""
    return [int(index) for index in split_indices("train")]


@cache
def _labels() -> list[int]:
    return [int(label) for label in handwriting()[1]]
