r"""M3CoT: several steps of reasoning over pictures, in three domains (Q. Chen and others, https://arxiv.org/abs/2405.16473).

    {"id": "physical-commonsense-1", "category": "physical-commonsense", "image_id": "p-1", "question": "Why?",
     "choices": ["a", "b", "c"], "context": "", "answer": "A", "rationale": "...", "split": "test",
     "image": {bytes, path}, "domain": "commonsense", "topic": "physical-commonsense"}

The official verdict (LightChen233/M3CoT, utils/metric.py) takes the last letter in brackets after "[Answer]", else the
last choice whose text occurs, else the last letter that stands alone, in capitals before small ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.official.m3cot import official_letter
from s1m.scoring.strict import choice
from s1m.types import Problem, Verdict


class M3Cot:
    name = "m3cot"
    needs_images = True
    title = "Several steps of reasoning in science, commonsense and mathematics"
    splits: tuple[str, ...] = ("test", "validation", "train")
    sizes: Mapping[str, int] = {"test": 2318, "validation": 1108, "train": 7863}
    licence = "CC BY-SA 4.0"
    source = "LightChen2333/M3CoT"
    scoring = "letter of a choice"
    breakdowns: tuple[str, ...] = ("domain", "topic")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        letter = official_letter(answer if extraction is None else extraction, problem.choices)
        return choice(answer, problem, letter == problem.gold)


def read_problem(row: Row) -> Problem:
    choices = row.texts("choices")
    context = row.text_or("context")
    before = f"[Context]\n{context}\n\n" if context else ""
    return Problem(
        id=row.filled("id"),
        question=f"{before}[Question]\n{row.filled('question')}\n[Choices]\n{lettered(choices, '({letter}) {choice}')}",
        images=(),
        gold=row.letter("answer", len(choices)),
        choices=choices,
        metadata={
            "domain": row.filled("domain"),
            "topic": row.filled("topic"),
            "category": row.text_or("category"),
        },
    )
