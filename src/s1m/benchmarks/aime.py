r"""AIME: the American Invitational Mathematics Examination, both parts of a year (30 problems). Text alone.

    HuggingFaceH4/aime_2024   {"id": 60, "problem": "Every morning ...", "solution": "...", "answer": "204",
                               "url": "https://...", "year": "2024"}
    MathArena/aime_2025, aime_2026   {"problem_idx": 1, "problem": "Find ...", "answer": 70}

Each year is a dataset of its own at the Hub, and its split is called ``train`` there. Answers are integers from 0 to
999. The official verdict is that of s1's evaluation: the boxed integer, or what follows "Answer:". No prompt is
published with the sets; the question is asked as MATH-500's are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from s1m.benchmarks.math500 import INSTRUCTION
from s1m.benchmarks.reading.files import find_files
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import check_split, load_rows
from s1m.scoring.equality.match import same_integer
from s1m.scoring.official.aime import extraction_of, official
from s1m.scoring.strict import value
from s1m.types import Problem, Verdict

SOURCES = {"2024": "HuggingFaceH4/aime_2024", "2025": "MathArena/aime_2025", "2026": "MathArena/aime_2026"}
LARGEST = 999


class Aime:
    name = "aime"
    title = "American Invitational Mathematics Examination, a year a split"
    splits: tuple[str, ...] = tuple(SOURCES)
    sizes: Mapping[str, int] = dict.fromkeys(SOURCES, 30)
    licence = "CC BY-NC-SA 4.0 (2024: not stated)"
    source = ", ".join(SOURCES.values())
    scoring = "integer from 0 to 999"
    unconfirmed = "prompt: none is published with the sets; columns of 2025: taken to be those of 2026"
    breakdowns: tuple[str, ...] = ()

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a year; ``data`` is that year's dataset, or a folder with ``aime_2024`` and so on in it."""
        check_split(self, split)
        files = find_files(data, source=SOURCES[split], names=("train", "test"), configs=(f"aime_{split}",))
        return load_rows(files, images=(), read=partial(read_problem, split), limit=limit)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts on an answer; no official one where the official scorer asks a language model."""
        extracted = extraction_of(answer) if extraction is None else extraction
        return value(answer, "integer", (problem.gold,), same_integer, official(extracted, problem.gold))


def read_problem(year: str, row: Row) -> Problem:
    number = "problem_idx" if "problem_idx" in row.values else "id"
    answer = row.value("answer")
    gold = answer.strip() if isinstance(answer, str) else str(row.integer("answer"))
    if not gold.isdecimal() or len(gold) > len(str(LARGEST)):
        raise row.wrong("answer", f"expected an integer from 0 to {LARGEST}, got {gold!r}")
    return Problem(
        id=f"aime-{year}-{row.integer(number)}",
        question=f"{row.filled('problem')}\n\n{INSTRUCTION}",
        images=(),
        gold=str(int(gold)),
        metadata={"year": year},
    )
