"""ChartQA: questions about charts (A. Masry and others, https://arxiv.org/abs/2203.10244).

    HuggingFaceM4/ChartQA   {"image": {bytes, path}, "query": "How many bars?", "label": ["14"], "human_or_machine": 0}
    lmms-lab/ChartQA        {"image": {bytes, path}, "question": "How many bars?", "answer": "14", "type": "human_test"}

Either is read. Rows have no id and are numbered. The official verdict is relaxed accuracy on the answer as it is:
within 5 percent of a number other than zero (a percent sign divides by 100), else the same text in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.answer import AnswerKind
from s1m.scoring.equality.match import same_number, same_relaxed
from s1m.scoring.official.chartqa import is_relaxed_equal
from s1m.scoring.strict import value
from s1m.types import Problem, Verdict

_INSTRUCTION = "Answer the question with a single word."
_KINDS = ("human", "augmented")


class ChartQa:
    name = "chartqa"
    needs_images = True
    title = "Charts: questions that people wrote and questions made from captions"
    splits: tuple[str, ...] = ("test", "val", "train")
    sizes: Mapping[str, int] = {"test": 2500, "val": 1920, "train": 28299}
    licence = "GPL-3.0"
    source = "HuggingFaceM4/ChartQA"
    scoring = "number within 5 percent, or text"
    breakdowns: tuple[str, ...] = ("origin",)

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        official = is_relaxed_equal(answer if extraction is None else extraction, problem.gold)
        kind: AnswerKind = "number" if same_number(problem.gold, problem.gold) else "text"
        return value(answer, kind, (problem.gold,), same_relaxed, official)


def read_problem(row: Row) -> Problem:
    """The problem of a row, in either layout."""
    if "query" in row.values:
        labels = row.texts("label")
        if not labels:
            raise row.wrong("label", "expected a list with the answer, got none")
        question, gold = row.filled("query"), labels[0]
        position = row.integer("human_or_machine")
        if position not in (0, 1):
            raise row.wrong("human_or_machine", f"expected 0 or 1, got {position}")
        origin = _KINDS[position]
    else:
        question, gold = row.filled("question"), row.filled("answer")
        origin = row.filled("type").removesuffix("_test")
    return Problem(
        id=f"chartqa-{row.index:05d}",
        question=f"{question}\n{_INSTRUCTION}",
        images=(),
        gold=gold,
        metadata={"origin": origin},
    )
