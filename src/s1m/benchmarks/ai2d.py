"""AI2D: diagrams of school science (A. Kembhavi and others, https://arxiv.org/abs/1603.07396).

    {"question": "what is B?", "options": ["stem", "leaf", "root", "flower"], "answer": "2", "image": {bytes, path}}

The answer is the place of a choice, from 0. Rows have no id and are numbered. The official verdict is the exact letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import choice, exact_letter
from s1m.types import Problem, Verdict

_INSTRUCTION = "Answer with the option's letter from the given choices directly."


class Ai2d:
    name = "ai2d"
    needs_images = True
    title = "Diagrams of school science"
    splits: tuple[str, ...] = ("test",)
    sizes: Mapping[str, int] = {"test": 3088}
    licence = "CC BY-SA 4.0"
    source = "lmms-lab/ai2d"
    scoring = "letter of a choice"
    breakdowns: tuple[str, ...] = ()

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        letter = exact_letter(answer if extraction is None else extraction)
        return choice(answer, problem, letter == problem.gold)


def read_problem(row: Row) -> Problem:
    choices = row.texts("options")
    answer = row.filled("answer").strip()
    if not answer.isdecimal() or int(answer) >= len(choices):
        raise row.wrong("answer", f"expected the place of one of {len(choices)} options, got {answer!r}")
    return Problem(
        id=f"ai2d-{row.index:04d}",
        question=f"{row.filled('question')}\n{lettered(choices, '{letter}. {choice}')}\n{_INSTRUCTION}",
        images=(),
        gold=LETTERS[int(answer)],
        choices=choices,
    )
