"""MMMU-Pro: MMMU with up to 12 options, and with the whole question in the picture (https://arxiv.org/abs/2409.02813).

    standard   {"id": "test_History_277", "question": "<image 1> Which one?", "options": "['a', ..., 'j']",
                "image_1": {bytes, path}, ..., "image_7": null, "img_type": "['Photographs']", "answer": "J",
                "topic_difficulty": "Easy", "subject": "History", "explanation": "?"}
    vision     {"id": "test_History_277", "image": {bytes, path}, "options": "['a', ..., 'j']", "answer": "J",
                "subject": "History"}

``standard`` is the config "standard (10 options)", in which 516 of 1,730 questions have another number of options. The
published score is the mean of standard and vision. Asked with the official chain-of-thought prompts; the official
verdict reads what follows the last "Answer:", else as MMMU does, guesses included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.mmmu import DOMAIN_OF, IMAGES
from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.official.mmmu import parse_pro
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import choice, guessed
from s1m.types import Problem, Verdict

_LAST_LINE = (
    "The last line of your response should be of the following format: 'Answer: $LETTER' (without quotes) "
    "where LETTER is one of options. Think step by step before answering."
)
STANDARD_PROMPT = f"Answer the preceding multiple choice question. {_LAST_LINE}"
VISION_PROMPT = f"Write out the multiple-choice question in the image and then solve it. {_LAST_LINE}"

_CONFIGS = {"standard": "standard (10 options)", "standard-4": "standard (4 options)", "vision": "vision"}


class MmmuPro:
    name = "mmmu_pro"
    needs_images = True
    title = "MMMU made harder: more options, or the question inside the picture"
    splits: tuple[str, ...] = tuple(_CONFIGS)
    sizes: Mapping[str, int] = dict.fromkeys(_CONFIGS, 1730)
    licence = "Apache-2.0"
    source = "MMMU/MMMU_Pro"
    scoring = "letter of a choice"
    breakdowns: tuple[str, ...] = ("domain", "subject", "difficulty")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, which is a config of the Hub's dataset."""
        images, read = (("image",), read_vision) if split == "vision" else (IMAGES, read_standard)
        configs = (_CONFIGS[split],) if split in _CONFIGS else ()
        return load_split(
            self, split, data=data, limit=limit, images=images, read=read, names=("test",), configs=configs
        )

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        choices = dict(zip(LETTERS, problem.choices, strict=False))
        parsed = parse_pro(answer if extraction is None else extraction, choices, problem.id)
        verdict = choice(answer, problem, parsed.letter == problem.gold)
        return guessed(verdict) if parsed.guess else verdict


def read_standard(row: Row) -> Problem:
    """The problem of a row with its question in text."""
    options = lettered(row.written_texts("options"), "{letter}. {choice}")
    return _problem(row, f"{row.filled('question')}\n{options}\n{STANDARD_PROMPT}")


def read_vision(row: Row) -> Problem:
    """The problem of a row with its question in the picture."""
    return _problem(row, VISION_PROMPT)


def _problem(row: Row, question: str) -> Problem:
    choices = row.written_texts("options")
    subject = row.filled("subject")
    return Problem(
        id=row.filled("id"),
        question=question,
        images=(),
        gold=row.letter("answer", len(choices)),
        choices=choices,
        metadata={
            "subject": subject,
            "domain": DOMAIN_OF.get(subject, ""),
            "difficulty": row.text_or("topic_difficulty"),
        },
    )
