"""ZeroBench: 100 questions that no model of its time could answer (J. Roberts and others,
https://arxiv.org/abs/2502.09696).

    {"question_id": "1", "question_text": "How much do I save?", "question_images_decoded": [{bytes, path}],
     "question_images": ["images/1_0.png"], "question_answer": "11.90", "image_attribution": "Own"}

``subquestions`` are 334 easier steps of them. The official verdict is exact: what stands in the last curly braces, in
any case, is the gold answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.equality.match import same_number, same_text
from s1m.scoring.strict import value
from s1m.scoring.text.bounds import official_part
from s1m.types import Problem, Verdict

PROMPT = "\n\n\nLet's think step by step and give the final answer in curly braces,\nlike this: {final answer}"
NAMES = {"main": "zerobench", "subquestions": "zerobench_subquestions"}
_BRACES = re.compile(r"\{([^{}]*)\}")
_END = 500
"""Characters at the end in which braces are taken for a box: the pattern's time grows with the square of them."""
_MARKED = re.compile(r"(?<![\\\w}])\{([^{}]*)\}\W*$")


class ZeroBench:
    name = "zerobench"
    needs_images = True
    title = "100 questions that no model of its time could answer, and their steps"
    splits: tuple[str, ...] = tuple(NAMES)
    sizes: Mapping[str, int] = {"main": 100, "subquestions": 334}
    licence = "not stated"
    source = "jonathan-roberts1/zerobench"
    scoring = "number, or text"
    unconfirmed = "scorer: the authors' own code was not at hand, this is what others say that it does"
    breakdowns: tuple[str, ...] = ()

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        names = (NAMES.get(split, split),)
        columns = ("question_images_decoded",)
        return load_split(self, split, data=data, limit=limit, images=columns, read=read_problem, names=names)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts; strictly, braces at the end are a box, which is what the prompt asks for."""
        official = in_braces(answer) if extraction is None else extraction
        right = official is not None and official.strip().lower() == problem.gold.lower()
        said = boxed_at_end(answer)
        if same_number(problem.gold, problem.gold):
            return value(said, "number", (problem.gold,), same_number, right)
        return value(said, "text", (problem.gold,), same_text, right)


def boxed_at_end(answer: str) -> str:
    """The answer with braces at its end written as a box."""
    start = max(0, len(answer) - _END)
    return answer[:start] + _MARKED.sub(r"\\boxed{\1}", answer[start:])


def in_braces(answer: str) -> str | None:
    """What stands in the last curly braces of an answer, None without any."""
    contents = _BRACES.findall(official_part(answer))
    return str(contents[-1]) if contents else None


def read_problem(row: Row) -> Problem:
    return Problem(
        id=row.filled("question_id"),
        question=row.filled("question_text") + PROMPT,
        images=(),
        gold=row.filled("question_answer").strip(),
        metadata={"attribution": row.text_or("image_attribution")},
    )
