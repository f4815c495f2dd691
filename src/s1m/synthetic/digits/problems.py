"""Questions about small pictures of real handwritten digits.

Each picture is a row of 3 to 6 digits or a grid of 2 x 2 or 2 x 3, drawn from the UCI optical digits (E. Alpaydin and
C. Kaynak, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0; the 1,797 images that scikit-learn ships as
``load_digits``). Every fourth digit is held out: no handwriting of the training split is ever seen in the test split.
A split is an endless sequence: problem i depends on (split, i) alone.

    {"id": "digits-test-00000", "question": "What is the sum of the digits?", "images": [PNG of 28 x 28 cells],
     "gold": "21", "metadata": {"kind": "sum", "digits": "4 9 8", "layout": "1x3"}}
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from s1m.types import Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

CELL = 28
"""Pixels along a digit's cell: one visual token of a Qwen2-VL model (patch 14, merged 2 x 2)."""

HOLD_OUT_EVERY = 4

LAYOUTS = ((1, 3), (1, 4), (1, 5), (1, 6), (2, 2), (2, 3))
"""(rows, columns) of a picture, drawn uniformly."""

QUESTIONS = {
    "sum": "What is the sum of the digits?",
    "range": "What is the largest digit minus the smallest digit?",
    "evens": "How many of the digits are even?",
}


@cache
def handwriting() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The bundled digits: ink of shape (1797, 8, 8) in 0..16, and labels of shape (1797,)."""
    import numpy as np

    with np.load(io.BytesIO(files("s1m").joinpath("assets/digits.npz").read_bytes())) as archive:
        return archive["images"].reshape(-1, 8, 8), archive["labels"]


def split_indices(split: str) -> NDArray[np.intp]:
    """Indices of the digits that belong to a split; the splits have none in common."""
    import numpy as np

    held_out = np.arange(len(handwriting()[1])) % HOLD_OUT_EVERY == HOLD_OUT_EVERY - 1
    return np.flatnonzero(held_out if split == "test" else ~held_out)


def draw_cell(ink: NDArray[np.uint8]) -> Image:
    """One digit as a grey 28 x 28 picture, dark ink on white with a two-pixel border."""
    import numpy as np
    from PIL import Image

    grey = Image.fromarray((255 - np.minimum(ink.astype(int) * 16, 255)).astype(np.uint8))
    cell = Image.new("L", (CELL, CELL), 255)
    cell.paste(grey.resize((CELL - 4, CELL - 4), Image.Resampling.BICUBIC), (2, 2))
    return cell


def compose(cells: Sequence[Image], columns: int) -> bytes:
    """Cells laid out row by row, as a PNG file."""
    from PIL import Image

    picture = Image.new("L", (columns * CELL, len(cells) // columns * CELL), 255)
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        picture.paste(cell, (column * CELL, row * CELL))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def answer_of(kind: str, digits: Sequence[int]) -> int:
    """The true answer to a question (a key of ``QUESTIONS``) about these digits."""
    if kind == "sum":
        return sum(digits)
    if kind == "range":
        return max(digits) - min(digits)
    return sum(digit % 2 == 0 for digit in digits)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A problem before it is drawn: indices of the digits, their layout, the kind of question."""

    indices: tuple[int, ...]
    rows: int
    columns: int
    kind: str


def plan_problem(split: str, index: int) -> Plan:
    """The plan of problem ``index`` of a split: the same on every machine."""
    import numpy as np

    rng = np.random.default_rng([0 if split == "train" else 1, index])
    rows, columns = LAYOUTS[int(rng.integers(len(LAYOUTS)))]
    kind = list(QUESTIONS)[int(rng.integers(len(QUESTIONS)))]
    chosen = rng.choice(split_indices(split), size=rows * columns)
    return Plan(indices=tuple(int(i) for i in chosen), rows=rows, columns=columns, kind=kind)


def make_problem(split: str, index: int) -> Problem:
    """Problem ``index`` of a split."""
    ink, labels = handwriting()
    plan = plan_problem(split, index)
    digits = [int(labels[i]) for i in plan.indices]
    return Problem(
        id=f"digits-{split}-{index:05d}",
        question=QUESTIONS[plan.kind],
        images=(compose([draw_cell(ink[i]) for i in plan.indices], plan.columns),),
        gold=str(answer_of(plan.kind, digits)),
        metadata={
            "kind": plan.kind,
            "digits": " ".join(str(digit) for digit in digits),
            "layout": f"{plan.rows}x{plan.columns}",
        },
    )
