"""LogicVista: logical reasoning in pictures (Y. Xiao and others, https://arxiv.org/abs/2407.04973).

    {"question": "Which option completes the sequence? Select from A, B, C, D, and E.", "answer": "A, C",
     "image": {bytes, path}, "reasoning": "...", "skill": ["inductive"], "broad_capability": ["patterns"],
     "specific_capability": ["sequence"]}

The answer is a letter or several. One of the 448 has none and is never right; the answer of another is a digit. Rows
have no id and are numbered. The official scorer has a language model extract the letters and compares them sorted, so
there is an official verdict only for a recorded extraction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.strict import choice, value
from s1m.types import Problem, Verdict

_LETTER = re.compile(r"(?<![A-Za-z])[A-Z](?![A-Za-z'])")


class LogicVista:
    name = "logicvista"
    needs_images = True
    title = "Inductive, deductive, numerical, spatial and mechanical reasoning in pictures"
    splits: tuple[str, ...] = ("test",)
    sizes: Mapping[str, int] = {"test": 448}
    licence = "Apache-2.0"
    source = "lscpku/LogicVista"
    scoring = "letter of a choice, or set of letters"
    breakdowns: tuple[str, ...] = ("skill", "broad_capability")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The strict verdict on an answer, and the official one on an extraction."""
        official = None if extraction is None else letters_in(extraction.upper()) == letters_in(problem.gold)
        golds = letters_in(problem.gold)
        if len(golds) == 1:
            return choice(answer, problem, official)
        same = same_letters if golds else _same_text
        return value(answer, "text", (problem.gold,), same, official)


def letters_in(text: str) -> frozenset[str]:
    """The letters that stand alone in a text such as ``A, C``."""
    return frozenset(_LETTER.findall(text))


def same_letters(prediction: str, gold: str) -> bool:
    """Whether two answers name the same letters."""
    return letters_in(prediction) == letters_in(gold)


def _same_text(prediction: str, gold: str) -> bool:
    return prediction.strip() == gold.strip() != ""


def read_problem(row: Row) -> Problem:
    return Problem(
        id=row.text_or("imagename") or f"logicvista-{row.index:03d}",
        question=row.filled("question"),
        images=(),
        gold=row.text_or("answer").strip(),
        metadata={
            "skill": "; ".join(row.texts("skill")),
            "broad_capability": "; ".join(row.texts("broad_capability")),
            "specific_capability": "; ".join(row.texts("specific_capability")),
        },
    )
