r"""MMStar: 1,500 questions that cannot be answered without the picture (L. Chen and others,
https://arxiv.org/abs/2403.20330).

    {"index": 0, "question": "Which option describes the image?\nOptions: A: a dog, B: a cat, C: a cow, D: a hen",
     "image": bytes, "answer": "A", "category": "coarse perception", "l2_category": "image scene and topic",
     "meta_info": {"source": "MMBench", "split": "val", "image_path": "images/0.jpg"}}

The choices stand in the question. Asked as lmms-eval asks; the official verdict is the authors' rule, which lmms-eval
carries: the letter that the answer begins with, bare or after "(", "option " or "the answer is ". It takes "A dog" for
A.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.strict import choice
from s1m.types import Problem, Verdict

_INSTRUCTION = "Answer with the option's letter from the given choices directly"
_STARTS = ("", "(", "option ", "the answer is ")
_MOST_CHOICES = 4


class MmStar:
    name = "mmstar"
    needs_images = True
    title = "Questions that cannot be answered without the picture, 18 skills"
    splits: tuple[str, ...] = ("val",)
    sizes: Mapping[str, int] = {"val": 1500}
    licence = "not stated"
    source = "Lin-Chen/MMStar"
    scoring = "letter of a choice"
    breakdowns: tuple[str, ...] = ("category", "l2_category")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(
            self, split, data=data, limit=limit, images=("image",), read=read_problem, names=("mmstar", split)
        )

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        read = (answer if extraction is None else extraction).strip().lower().replace("\n", " ")
        gold = problem.gold.lower()
        return choice(answer, problem, any(read.startswith(f"{start}{gold}") for start in _STARTS))


def read_problem(row: Row) -> Problem:
    return Problem(
        id=f"mmstar-{row.integer('index')}",
        question=f"{row.filled('question').strip()}\n{_INSTRUCTION}",
        images=(),
        gold=row.letter("answer", _MOST_CHOICES),
        metadata={"category": row.filled("category"), "l2_category": row.filled("l2_category")},
    )
