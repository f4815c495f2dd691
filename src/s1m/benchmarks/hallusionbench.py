"""HallusionBench: the same question with a picture, a changed picture and none (T. Guan and others,
https://arxiv.org/abs/2310.14566).

    {"category": "VD", "subcategory": "illusion", "visual_input": "1", "set_id": "0", "figure_id": "0",
     "sample_note": "circle", "question_id": "0", "question": "Is the right circle as large as the left one?",
     "gt_answer_details": "Both are of one size.", "gt_answer": "1", "filename": "./hallusion_bench/VD/...",
     "image": {bytes, path}}

Answers are yes (1) or no (0). Officially a language model judges (tianyi-lab/HallusionBench): its word, "correct",
"incorrect" or "unclear", is the extraction of a recorded run. Unclear is right for questions of category VS without
their figure (figure_id 0). The published accuracies by question, by figure and by pair can be grouped from the
metadata; the number of questions in a group is not in the data, so s1m does not print them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.equality.match import same_text
from s1m.scoring.strict import value
from s1m.types import Problem, Verdict

_ANSWERS = {"1": "yes", "0": "no"}
_PLACE = ("category", "subcategory", "set_id", "figure_id", "question_id")


class HallusionBench:
    name = "hallusionbench"
    title = "The same question with a picture, a changed picture and none: yes or no"
    splits: tuple[str, ...] = ("image", "non_image")
    sizes: Mapping[str, int] = {"image": 951, "non_image": 178}
    licence = "BSD-3-Clause"
    source = "lmms-lab/HallusionBench"
    scoring = "yes or no"
    breakdowns: tuple[str, ...] = ("category", "subcategory", "visual_input")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The strict verdict, and with the judge's word as ``extraction`` the official one."""
        official = None if extraction is None else by_judge(problem, extraction)
        return value(answer, "yes_no", (problem.gold,), same_text, official)


def by_judge(problem: Problem, word: str) -> bool:
    """The official verdict that follows from a judge's reply."""
    if "incorrect" in word.lower():
        return False
    unseen = problem.metadata["category"] == "VS" and problem.metadata["figure_id"] == "0"
    return "correct" in word.lower() or unseen


def read_problem(row: Row) -> Problem:
    gold = _ANSWERS.get(row.filled("gt_answer").strip())
    if gold is None:
        raise row.wrong("gt_answer", f"expected 1 for yes or 0 for no, got {row.text('gt_answer')!r}")
    place = {column: row.filled(column) for column in _PLACE}
    return Problem(
        id="_".join(place.values()),
        question=row.filled("question"),
        images=(),
        gold=gold,
        metadata={**place, "visual_input": row.filled("visual_input"), "details": row.text_or("gt_answer_details")},
    )
