r"""BLINK: 14 tasks of perception that people solve at a glance (X. Fu and others, https://arxiv.org/abs/2404.12390).

    {"idx": "val_Counting_1", "sub_task": "Counting", "question": "How many birds are there?", "image_1": {bytes, path},
     ..., "image_4": null, "choices": ["1", "3", "2", "0"], "answer": "(B)",
     "prompt": "How many birds are there?\nSelect from the following choices.\n(A) 1\n(B) 3\n(C) 2\n(D) 0"}

On the Hub each task is a config of its own. The question is the row's prompt as it is. Officially a language model
says which choice an answer means (zeyofu/BLINK_Benchmark); there is an official verdict where the answer is nothing but
a letter, or an extraction is given. The published total is the mean over the tasks. The answers of ``test`` are not
public, so it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.strict import choice
from s1m.types import Problem, Verdict

TASKS = (
    "Art_Style",
    "Counting",
    "Forensic_Detection",
    "Functional_Correspondence",
    "IQ_Test",
    "Jigsaw",
    "Multi-view_Reasoning",
    "Object_Localization",
    "Relative_Depth",
    "Relative_Reflectance",
    "Semantic_Correspondence",
    "Spatial_Relation",
    "Visual_Correspondence",
    "Visual_Similarity",
)
IMAGES = tuple(f"image_{number}" for number in range(1, 5))
_LETTER = re.compile(r"\(?([A-E])\)?")


class Blink:
    name = "blink"
    needs_images = True
    title = "14 tasks of perception that people solve at a glance"
    splits: tuple[str, ...] = ("val",)
    sizes: Mapping[str, int] = {"val": 1901}
    licence = "Apache-2.0"
    source = "BLINK-Benchmark/BLINK"
    scoring = "letter of a choice"
    unconfirmed = "size of val: from the paper's total, not counted"
    breakdowns: tuple[str, ...] = ("task",)

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, task after task."""
        return load_split(self, split, data=data, limit=limit, images=IMAGES, read=read_problem, configs=TASKS)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The strict verdict on an answer, and the official one where it needs no language model."""
        match = _LETTER.fullmatch((answer if extraction is None else extraction).strip())
        official = match[1] == problem.gold if match else None if extraction is None else False
        return choice(answer, problem, official)


def read_problem(row: Row) -> Problem:
    choices = row.texts("choices")
    match = _LETTER.fullmatch(row.filled("answer").strip())
    if match is None or ord(match[1]) - ord("A") >= len(choices):
        raise row.wrong("answer", f"expected the letter of one of {len(choices)} choices, got {row.text('answer')!r}")
    return Problem(
        id=row.filled("idx"),
        question=row.filled("prompt"),
        images=(),
        gold=match[1],
        choices=choices,
        metadata={"task": row.filled("sub_task")},
    )
