"""Rows of the bundled benchmark's training split: pictures of digits and the traces of a careless reader."""

from __future__ import annotations

import random
from collections.abc import Sequence

from s1m.datasets.example import IMAGE, Turn
from s1m.datasets.formats import Draft
from s1m.families import Delimiters
from s1m.synthetic.digits.problems import LAYOUTS, QUESTIONS, answer_of
from s1m.synthetic.digits.traces import Drawing, digit_of, make_looks, training_indices

MAX_LOOKS = 10
"""Two more than the demo needs, so that its last levels are not the edge of what was trained."""
SHORT_SHARE = 0.15
"""Fraction of rows limited to one or two looks, beside those that a uniform draw gives."""

LICENCE = "CC BY 4.0 (digits), Apache-2.0 (traces)"


def make_row(index: int, seed: int, delimiters: Delimiters) -> Draft:
    """Row ``index`` of the endless set that a seed names: the same on every machine."""
    rng = random.Random(f"{seed} {index}")
    rows, columns = rng.choice(LAYOUTS)
    chosen = tuple(rng.choice(training_indices()) for _ in range(rows * columns))
    digits = [digit_of(index) for index in chosen]
    kind = rng.choice(list(QUESTIONS))
    looks = rng.randint(1, 2 if rng.random() < SHORT_SHARE else MAX_LOOKS)
    response = make_trace(digits, columns, kind, looks, rng, delimiters)
    return Draft(
        turns=(Turn(role="user", content=(IMAGE, QUESTIONS[kind])), Turn(role="assistant", content=(response,))),
        images=(Drawing(indices=chosen, columns=columns, pen=f"{seed} {index} pen"),),
        facts={"answer": str(answer_of(kind, digits)), "answer_type": "integer", "domain": kind, "licence": LICENCE},
    )


def make_trace(
    digits: Sequence[int], columns: int, kind: str, looks: int, rng: random.Random, delimiters: Delimiters
) -> str:
    """The assistant's turn for a picture of ``digits``: ``looks`` looks, then the answer."""
    return delimiters.around(*make_looks(digits, columns, kind, looks, rng))
