r"""MATH-500: 500 problems of MATH's test set (D. Hendrycks and others, https://arxiv.org/abs/2103.03874; the split is
that of H. Lightman and others, https://arxiv.org/abs/2305.20050). Text alone.

    {"problem": "Find $\\frac{1}{2} + 0$.", "solution": "...", "answer": "\\frac{1}{2}", "subject": "Prealgebra",
     "level": 1, "unique_id": "test/prealgebra/1.json"}

The official verdict is that of hendrycks/math on what is boxed last, else on the answer as it is: the same text after
rewriting LaTeX. The data is JSON lines at the Hub (test.jsonl). No prompt is published with it; the question is asked
with the sentence that most published runs add.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.tables import load_table
from s1m.scoring.official.math500 import extraction_of, is_equivalent
from s1m.scoring.strict import formula
from s1m.types import Problem, Verdict

INSTRUCTION = "Please reason step by step, and put your final answer within \\boxed{}."


class Math500:
    name = "math500"
    title = "Competition mathematics without pictures, 7 subjects on 5 levels"
    splits: tuple[str, ...] = ("test",)
    sizes: Mapping[str, int] = {"test": 500}
    licence = "MIT (MATH)"
    source = "HuggingFaceH4/MATH-500"
    scoring = "equal value"
    unconfirmed = "prompt: none is published with the set"
    breakdowns: tuple[str, ...] = ("subject", "level")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_table(self, split, data=data, limit=limit, name="test.jsonl", read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts on an answer. The official scorer is a rule, so there is always an official one."""
        extracted = extraction_of(answer) if extraction is None else extraction
        return formula(answer, (problem.gold,), is_equivalent(extracted, problem.gold))


def read_problem(row: Row) -> Problem:
    return Problem(
        id=row.filled("unique_id"),
        question=f"{row.filled('problem')}\n\n{INSTRUCTION}",
        images=(),
        gold=row.filled("answer").strip(),
        metadata={"subject": row.filled("subject"), "level": str(row.integer("level"))},
    )
