"""ScienceQA: school science with lectures, texts and pictures (P. Lu and others, https://arxiv.org/abs/2209.09513).

    {"image": {bytes, path} or null, "question": "Which is farthest north?", "choices": ["West Virginia", "Louisiana"],
     "answer": 0, "hint": "", "task": "closed choice", "grade": "grade2", "subject": "social science",
     "topic": "geography", "category": "Geography", "skill": "Read a map", "lecture": "...", "solution": "..."}

All questions, with a picture or without; ``context`` in the metadata is TXT with a hint, IMG with a picture, NO with
neither. Rows have no id and are numbered. Asked as LLaVA asks; the official verdict is the exact letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import choice, exact_letter
from s1m.types import Problem, Verdict

_INSTRUCTION = "Answer with the option's letter from the given choices directly."
_GRADE = re.compile(r"grade(\d+)")


class ScienceQa:
    name = "scienceqa"
    title = "School science: natural and social science, language"
    splits: tuple[str, ...] = ("test", "validation", "train")
    sizes: Mapping[str, int] = {"test": 4241, "validation": 4241, "train": 12726}
    licence = "CC BY-NC-SA 4.0"
    source = "derek-thomas/ScienceQA"
    scoring = "letter of a choice"
    breakdowns: tuple[str, ...] = ("subject", "context", "grades", "topic")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(
            self,
            split,
            data=data,
            limit=limit,
            images=("image",),
            read=read_problem,
            configs=("ScienceQA-IMG",),
            has_images=True,
        )

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        letter = exact_letter(answer if extraction is None else extraction)
        return choice(answer, problem, letter == problem.gold)


def read_problem(row: Row) -> Problem:
    choices = row.texts("choices")
    answer = row.integer("answer")
    if not 0 <= answer < len(choices):
        raise row.wrong("answer", f"expected the place of one of {len(choices)} choices, got {answer}")
    hint = row.text_or("hint").strip()
    context = f"Context: {hint}\n" if hint else ""
    kinds = [kind for kind, there in (("TXT", hint), ("IMG", row.flag("has_images"))) if there]
    grade = _GRADE.fullmatch(row.text_or("grade"))
    return Problem(
        id=f"scienceqa-{row.index:05d}",
        question=f"{context}{row.filled('question')}\n{lettered(choices, '{letter}. {choice}')}\n{_INSTRUCTION}",
        images=(),
        gold=LETTERS[answer],
        choices=choices,
        metadata={
            "subject": row.text_or("subject"),
            "context": "; ".join(kinds) or "NO",
            "grade": row.text_or("grade"),
            "grades": ("G1-6" if int(grade[1]) <= 6 else "G7-12") if grade else "",
            "topic": row.text_or("topic"),
            "category": row.text_or("category"),
            "skill": row.text_or("skill"),
            "task": row.text_or("task"),
        },
    )
