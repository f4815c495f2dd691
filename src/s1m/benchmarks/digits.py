"""digits: questions about small pictures of real handwritten digits. Bundled, needs no network.

Each picture is a row of 3 to 6 digits or a grid of 2 x 2 or 2 x 3, drawn from the UCI optical digits (E. Alpaydin and
C. Kaynak, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0; the 1,797 images that scikit-learn ships as
``load_digits``). Every fourth digit is held out: no handwriting of the training split is ever seen in the test split.
A split is an endless sequence: problem i is made from the numbers (split, i) alone.

    {"id": "digits-test-00000", "question": "What is the sum of the digits?", "images": [PNG of 28 x 28 cells],
     "gold": "21", "metadata": {"kind": "sum", "digits": "4 9 8", "layout": "1x3"}}

Scored by exact integer equality with the committed answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from s1m.benchmarks.page import DataFrom
from s1m.benchmarks.reading.generated import Generated
from s1m.errors import DataError, UsageError
from s1m.scoring.equality.match import same_integer
from s1m.scoring.readers.numbers import last_integer
from s1m.synthetic.digits.problems import make_problem
from s1m.types import Problem, Verdict


class Digits:
    """The bundled benchmark."""

    name = "digits"
    needs_images = True
    title = "Arithmetic over pictures of real handwritten digits"
    splits: tuple[str, ...] = ("test", "train")
    sizes: Mapping[str, int] = {}
    default_limit = 256
    licence = "CC BY 4.0 (digits), Apache-2.0 (problems)"
    breakdowns: tuple[str, ...] = ("kind", "layout")
    scoring = "integer"
    data_from: DataFrom = "bundled"
    source = "bundled; UCI Optical Recognition of Handwritten Digits, doi:10.24432/C50P49"

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The first ``limit`` problems of a split (256 when None: a split has no end), generated when asked for."""
        if data is not None:
            raise UsageError("digits is bundled and takes no --data; leave it out")
        if split not in self.splits:
            raise DataError(f"digits has no split {split!r}; it has: {', '.join(self.splits)}")
        numbers = range(self.default_limit if limit is None else limit)
        problem = partial(make_problem, split)
        return Generated(numbers, problem, lambda number: replace(problem(number), images=()))

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:  # noqa: ARG002
        """Right when the last integer of the answer equals the gold one."""
        prediction = last_integer(answer)
        if prediction is None:
            return Verdict(prediction=None, correct=False, rule="no-answer")
        return Verdict(prediction=prediction, correct=same_integer(prediction, problem.gold), rule="last-integer")
