r"""EMMA: mathematics, physics, chemistry and code that need picture and text at once (Y. Hao and others,
https://arxiv.org/abs/2501.05444).

    {"pid": "math_1", "question": "Which piece fits? <image_1>", "options": ["A", "B", "C"], "answer": "B",
     "image_1": {bytes, path}, ..., "image_5": null, "solution": "...", "subject": "Math", "task": "...",
     "category": "2D Transformation", "source": "...", "type": "Multiple Choice", "context": ""}

Each subject is a config of its own; ``mini`` is EMMA-mini, a dataset of 100 a subject. Asked with the authors' prompt
for reasoning; the official verdict is that of their rules. Where those compute with letters there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.files import find_files
from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import check_split, load_rows
from s1m.scoring.official.emma import extraction_of, official
from s1m.scoring.strict import choice, formula
from s1m.types import Problem, Verdict

SUBJECTS = ("Chemistry", "Coding", "Math", "Physics")
SOURCES = {"test": "luckychao/EMMA", "mini": "luckychao/EMMA-mini"}
IMAGES = tuple(f"image_{number}" for number in range(1, 6))
_CHOICE = 'Answer with the option\'s letter from the given choices and put the letter in one "\\boxed{}". '
_OPEN = 'Answer the question using a single word or phrase and put the answer in one "\\boxed{}". '
_REASON = "Please solve the problem step by step."


class Emma:
    name = "emma"
    needs_images = True
    title = "Mathematics, physics, chemistry and code that need picture and text at once"
    splits: tuple[str, ...] = tuple(SOURCES)
    sizes: Mapping[str, int] = {"test": 2788, "mini": 400}
    licence = "not stated"
    source = ", ".join(SOURCES.values())
    scoring = "letter of a choice, or equal value"
    breakdowns: tuple[str, ...] = ("subject", "category", "question_type")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, subject after subject; ``data`` is the dataset of that split."""
        check_split(self, split)
        files = find_files(data, source=SOURCES[split], names=("test",), configs=SUBJECTS)
        return load_rows(files, images=IMAGES, read=read_problem, limit=limit)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts on an answer; no official one where the official scorer asks computer algebra."""
        extracted = extraction_of(answer) if extraction is None else extraction
        judged = official(extracted, problem.gold, is_choice=bool(problem.choices))
        if problem.choices:
            return choice(answer, problem, judged)
        return formula(answer, (problem.gold,), judged)


def read_problem(row: Row) -> Problem:
    is_choice = row.filled("type").strip().lower() == "multiple choice"
    choices = row.texts("options") if is_choice else ()
    if is_choice and not choices:
        raise row.wrong("options", "expected a list of choices, got none")
    instruction = (_CHOICE if choices else _OPEN) + _REASON
    options = f"{lettered(choices, '{letter}: {choice}')}\n\n" if choices else ""
    return Problem(
        id=row.filled("pid"),
        question=f"{row.text_or('context')}\n{row.filled('question')}\n{options}{instruction}",
        images=(),
        gold=row.letter("answer", len(choices)) if choices else row.filled("answer").strip(),
        choices=choices,
        metadata={
            "subject": row.filled("subject"),
            "category": row.text_or("category"),
            "task": row.text_or("task"),
            "question_type": "multiple_choice" if choices else "open",
        },
    )
