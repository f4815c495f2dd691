"""longvision: visual problems whose solutions are long by nature. Synthetic, needs no network.

Angles along a zigzag, areas on squared paper, sums over bar charts, robots on coloured floors, mazes with keys: drawn,
solved step by step, and checked by a second method. A split is an endless sequence: problem i is made from the numbers
(split, i) alone, and whether a problem is held out is decided by the digest of its content, so that nothing that is
made for training, by whatever seed, is ever in the test split.

    {"id": "longvision-test-00000", "question": "The picture shows a maze. ...", "images": [PNG],
     "gold": "31", "metadata": {"family": "mazes", "kind": "maze", "size": "medium"}}

Scored by exact integer equality with what the answer commits to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from s1m.benchmarks.page import DataFrom
from s1m.benchmarks.reading.generated import Generated
from s1m.errors import DataError, UsageError
from s1m.scoring.equality.match import same_integer
from s1m.scoring.strict import value
from s1m.synthetic.longvision.example import LongProblem, make_problem
from s1m.types import Problem, Verdict

MOST_KEPT = 4096
"""Problems that stay in memory without their pictures."""


class LongVision:
    name = "longvision"
    needs_images = True
    title = "Geometry, charts, grids and mazes that take long to solve"
    splits: tuple[str, ...] = ("test", "train")
    sizes: Mapping[str, int] = {}
    default_limit = 200
    licence = "Apache-2.0"
    breakdowns: tuple[str, ...] = ("family", "size")
    scoring = "integer"
    data_from: DataFrom = "bundled"
    source = "bundled; made by s1m"

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The first ``limit`` problems of a split (200 when None: a split has no end), drawn when asked for."""
        if data is not None:
            raise UsageError("longvision is bundled and takes no --data; leave it out")
        if split not in self.splits:
            raise DataError(f"longvision has no split {split!r}; it has: {', '.join(self.splits)}")
        # Making a problem takes a search, which is slower than drawing its picture: those of a default run are kept.
        solved = lru_cache(maxsize=MOST_KEPT)(partial(make_problem, split))

        def text(number: int) -> Problem:
            return as_problem(split, number, solved(number))

        def problem(number: int) -> Problem:
            long = solved(number)
            return replace(text(number), images=(long.picture.read(),))

        return Generated(range(self.default_limit if limit is None else limit), problem, text)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:  # noqa: ARG002
        """Right when the integer that the answer commits to is the gold one."""
        return value(answer, "integer", (problem.gold,), same_integer)


def as_problem(split: str, index: int, problem: LongProblem) -> Problem:
    """A problem as every benchmark has it, without its picture."""
    kind, plan = problem.kind, problem.plan
    return Problem(
        id=f"longvision-{split}-{index:05d}",
        question=kind.question(plan),
        images=(),
        gold=str(kind.answer(plan)),
        metadata={"family": kind.family, "kind": kind.name, "size": problem.size},
    )
