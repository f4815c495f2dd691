r"""MathVision: problems of mathematics competitions (K. Wang and others, https://arxiv.org/abs/2402.14804).

    {"id": "5", "question": "Which number do you have to write in the last daisy?\n<image1>", "options": [],
     "image": "images/5.jpg", "decoded_image": {bytes, path}, "answer": "61", "solution": null, "level": 2,
     "subject": "arithmetic"}

With options the answer is a letter; often the options are just the letters that the picture shows. The question is
asked as mathllm/MATH-V asks models; the official verdict is that of its evaluate.py (commit 1d36118).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.official import mathvision
from s1m.scoring.strict import choice, formula
from s1m.types import Problem, Verdict

PROMPT = (
    'Please solve the problem and put your answer in one "\\boxed{}". '
    'If it is a multiple choice question, only one letter is allowed in the "\\boxed{}".\n'
)


class MathVision:
    name = "mathvision"
    needs_images = True
    title = "Mathematics competitions with pictures, 16 subjects on 5 levels"
    splits: tuple[str, ...] = ("test", "testmini")
    sizes: Mapping[str, int] = {"test": 3040, "testmini": 304}
    licence = "MIT"
    source = "MathLLMs/MathVision"
    scoring = "letter of a choice, or equal value"
    breakdowns: tuple[str, ...] = ("subject", "level", "question_type")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("decoded_image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts on an answer. The official extractor is a rule, so there is always an official one."""
        extracted = mathvision.extraction_of(answer) if extraction is None else extraction
        official = mathvision.official(problem, extracted)
        if problem.choices:
            return choice(answer, problem, official)
        return formula(answer, (problem.gold,), official)


def read_problem(row: Row) -> Problem:
    choices = row.texts("options")
    options = f"\n{lettered(choices, '({letter}) {choice}')}" if choices else ""
    return Problem(
        id=row.filled("id"),
        question=PROMPT + row.filled("question") + options,
        images=(),
        gold=row.letter("answer", len(choices)) if choices else row.filled("answer"),
        choices=choices,
        metadata={
            "subject": row.filled("subject"),
            "level": str(row.integer("level")),
            "question_type": "multi_choice" if choices else "free_form",
        },
    )
