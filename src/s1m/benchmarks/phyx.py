"""PhyX, its questions with choices: physics in pictures of six fields (H. Shen and others,
https://arxiv.org/abs/2505.15929).

    {"index": 7, "question": "... Options: A:1 m/s, B:2 m/s, ...", "image": base64, "answer": "B",
     "category": "Mechanics"}

The files are those that the authors made for lmms-eval: the question is the whole prompt, choices included. The
official verdict is their rule (PhyX_process_line_MC): the first capital letter A to D after "answer", "option" or
"correct", else the last one before a colon; and any answer that has the gold letter before a colon or beside "**".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.files import find_files
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import Problems, check_split, load_rows
from s1m.benchmarks.reading.written import WrittenPictures
from s1m.scoring.strict import choice
from s1m.scoring.text.bounds import official_part
from s1m.types import Problem, Verdict

NAMES = {"mini": "PhyX_mini_MC", "test": "PhyX_MC"}
_WORD = re.compile(r"\b(?:correct|answer|option|Answer|Option|Correct)\b")
_LETTER = re.compile(r"[A-D]")
_BEFORE_COLON = re.compile(r"([ABCD]):")
_LETTERS = 4


class PhyX:
    name = "phyx"
    needs_images = True
    title = "Physics in pictures, six fields: the questions with choices"
    splits: tuple[str, ...] = tuple(NAMES)
    sizes: Mapping[str, int] = {"mini": 1000, "test": 3000}
    licence = "MIT"
    source = "Cloudriver/PhyX"
    scoring = "letter of a choice"
    unconfirmed = "name of the file at the Hub: by that of the questions without choices"
    breakdowns: tuple[str, ...] = ("category",)

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        check_split(self, split)
        files = find_files(data, source=self.source, names=(NAMES[split],), configs=("data_llms_eval",))
        texts = load_rows(files[:1], images=(), read=read_problem, limit=limit).texts
        pictures = WrittenPictures(files[0], "image")
        return Problems(texts, [(pictures, place) for place in range(len(texts))])

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        if extraction is not None:
            return choice(answer, problem, extraction.strip() == problem.gold)
        return choice(answer, problem, is_right(answer, problem.gold))


def is_right(response: str, gold: str) -> bool:
    """The official verdict on a response."""
    response = official_part(response).strip()
    word = _WORD.search(response)
    # In two steps: one pattern for both takes time in proportion to the square of a response's length.
    named = _LETTER.search(response, word.end()) if word else None
    last = _BEFORE_COLON.findall(response)
    letter = named[0] if named else last[-1] if last else None
    return letter == gold or any(form in response for form in (f"{gold}:", f"{gold}**", f"**{gold}"))


def read_problem(row: Row) -> Problem:
    return Problem(
        id=f"phyx-{row.integer('index')}",
        question=row.filled("question"),
        images=(),
        gold=row.letter("answer", _LETTERS),
        metadata={"category": row.filled("category")},
    )
