r"""MathVerse: one problem in several versions, from all in text to all in the picture (https://arxiv.org/abs/2403.14624).

    {"sample_index": "1", "problem_index": "1", "problem_version": "Text Dominant", "image": {bytes, path},
     "question": "... find x.\nChoices:\nA:65°\nB:60°", "answer": "A", "question_type": "multi-choice",
     "metadata": {"split": "testmini", "source": "geometry3k", "subject": "Plane Geometry", "subfield": "Angle"},
     "query_wo": "Please directly answer the question and ...", "query_cot": "...", "question_for_eval": "..."}

Asked with the query that the primary metric is measured with (``query_wo``). The official scorer extracts and judges
with a language model, so there is an official verdict only for a recorded extraction that equals the gold answer, its
``quick_match``. Some gold answers are damaged: the degree sign is repaired, brackets around a letter are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import choice, formula
from s1m.types import Problem, Verdict

_CHOICE = re.compile(r"^\s*([A-H])\s?[:.]\s*(.*?)\s*$", re.MULTILINE)


class MathVerse:
    name = "mathverse"
    title = "Plane and solid geometry and functions, each with ever less said in text"
    splits: tuple[str, ...] = ("testmini", "testmini_text_only")
    sizes: Mapping[str, int] = {"testmini": 3940, "testmini_text_only": 788}
    licence = "MIT"
    source = "AI4Math/MathVerse"
    scoring = "letter of a choice, or equal value"
    breakdowns: tuple[str, ...] = ("problem_version", "question_type", "subject", "subfield")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        return load_split(self, split, data=data, limit=limit, images=("image",), read=read_problem, configs=(split,))

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The strict verdict on an answer, and the official one where it needs no language model."""
        official = True if extraction is not None and extraction.strip() == problem.gold else None
        if problem.metadata["question_type"] == "multi-choice":
            return choice(answer, problem, official)
        return formula(answer, (problem.gold,), official)


def read_problem(row: Row) -> Problem:
    question_type = row.filled("question_type")
    gold = row.filled("answer").strip().replace("\u63b3", "°")  # the degree sign, read in a Chinese code page
    choices: tuple[str, ...] = ()
    if question_type == "multi-choice":
        choices = choices_in(row.text_or("question_for_eval") or row.text_or("question"))
        gold = gold.strip("()")
        if len(gold) != 1 or gold not in LETTERS[: len(choices) or 8]:
            raise row.wrong("answer", f"expected the letter of a choice, got {gold!r}")
    return Problem(
        id=row.filled("sample_index"),
        question=row.filled("query_wo"),
        images=(),
        gold=gold,
        choices=choices,
        metadata={
            "problem_index": row.filled("problem_index"),
            "problem_version": row.filled("problem_version"),
            "question_type": question_type,
            "subject": row.text_or("metadata.subject"),
            "subfield": row.text_or("metadata.subfield"),
            "source": row.text_or("metadata.source"),
        },
    )


def choices_in(question: str) -> tuple[str, ...]:
    """The choices that stand at the end of a question, ``A:65°`` a line; none where they are not A, B, ... in order."""
    parsed = _CHOICE.findall(question.rpartition("Choices:")[2])
    in_order = [letter for letter, _ in parsed] == list(LETTERS[: len(parsed)])
    return tuple(text for _, text in parsed) if in_order else ()
