"""GPQA-Diamond: biology, chemistry and physics for doctorates (D. Rein and others, https://arxiv.org/abs/2311.12022).
Text alone.

    Record ID,Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3,High-level domain,...
    rec06pn,"Two quantum states ...",10^-4 eV,10^-11 eV,10^-8 eV,10^-9 eV,Physics,...

A CSV file at the Hub (gpqa_diamond.csv), for which its authors ask you to accept their terms first. The choices are
put in the order that openai/simple-evals draws in its first pass over the rows (seed 0), and asked with its prompt;
the official verdict is its rule: the letter after the first "Answer:".
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import partial

from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.tables import load_table
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import choice
from s1m.scoring.text.bounds import official_part
from s1m.types import Problem, Verdict

PROMPT = (
    "Answer the following multiple choice question. The last line of your response should be of the following format: "
    "'Answer: $LETTER' (without quotes) where LETTER is one of ABCD. Think step by step before answering."
)
_ANSWERS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")
_ANSWER = re.compile(r"Answer[ \t]*:[ \t]*\$?([A-D])\$?", re.IGNORECASE)


class GpqaDiamond:
    name = "gpqa_diamond"
    title = "Questions of biology, chemistry and physics that need a doctorate"
    splits: tuple[str, ...] = ("train",)
    sizes: Mapping[str, int] = {"train": 198}
    licence = "CC BY 4.0"
    source = "Idavidrein/gpqa"
    scoring = "letter of a choice"
    breakdowns: tuple[str, ...] = ("domain", "subdomain")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems; the order of choices rests on a row's place, so it is the same for every ``limit``."""
        draw = random.Random(0)
        read = partial(read_problem, draw)
        return load_table(self, split, data=data, limit=limit, name="gpqa_diamond.csv", read=read)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts on an answer. The official scorer is a rule, so there is always an official one."""
        return choice(answer, problem, official_letter(answer, extraction) == problem.gold)


def official_letter(answer: str, extraction: str | None) -> str | None:
    """The letter that the official rule reads, None without one. Small letters stay small, and so are wrong."""
    if extraction is not None:
        return extraction.strip()
    match = _ANSWER.search(official_part(answer))
    return match[1] if match else None


def read_problem(draw: random.Random, row: Row) -> Problem:
    order = draw.sample(range(len(_ANSWERS)), len(_ANSWERS))
    choices = tuple(row.filled(_ANSWERS[place]).strip() for place in order)
    return Problem(
        id=row.filled("Record ID"),
        question=f"{PROMPT}\n\n{row.filled('Question')}\n\n{lettered(choices, '{letter}) {choice}')}",
        images=(),
        gold=LETTERS[order.index(0)],
        choices=choices,
        metadata={"domain": row.text_or("High-level domain"), "subdomain": row.text_or("Subdomain")},
    )
