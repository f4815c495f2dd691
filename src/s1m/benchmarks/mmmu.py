"""MMMU: college examinations in 30 subjects (X. Yue and others, https://arxiv.org/abs/2311.16502).

    {"id": "validation_Math_1", "question": "<image 1> What is the area?", "options": "['1', '2', '3', '4']",
     "explanation": "", "image_1": {bytes, path}, ..., "image_7": null, "img_type": "['Diagrams']", "answer": "B",
     "topic_difficulty": "Easy", "question_type": "multiple-choice", "subfield": "Geometry"}

Options and some gold answers are lists in Python's spelling, or lists. On the Hub each subject is a config of its own;
copies with all subjects in one file do as well. The answers of ``test`` were public by September 2026
(https://github.com/EvolvingLMMs-Lab/lmms-eval/pull/1515); in older copies they are "?", and no answer is right. The
official verdict is that of MMMU's parser; where that draws a letter at random the rule ends in "official: guess".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.answer import AnswerKind
from s1m.scoring.equality.match import same_number, same_text
from s1m.scoring.official.mmmu import open_is_right, parse_choice
from s1m.scoring.readers.choices import LETTERS
from s1m.scoring.strict import choice, guessed, value
from s1m.types import Problem, Verdict

DOMAINS = {
    "Art and Design": ("Art", "Art_Theory", "Design", "Music"),
    "Business": ("Accounting", "Economics", "Finance", "Manage", "Marketing"),
    "Science": ("Biology", "Chemistry", "Geography", "Math", "Physics"),
    "Health and Medicine": (
        "Basic_Medical_Science",
        "Clinical_Medicine",
        "Diagnostics_and_Laboratory_Medicine",
        "Pharmacy",
        "Public_Health",
    ),
    "Humanities and Social Science": ("History", "Literature", "Psychology", "Sociology"),
    "Tech and Engineering": (
        "Agriculture",
        "Architecture_and_Engineering",
        "Computer_Science",
        "Electronics",
        "Energy_and_Power",
        "Materials",
        "Mechanical_Engineering",
    ),
}
DOMAIN_OF = {subject: domain for domain, subjects in DOMAINS.items() for subject in subjects}
IMAGES = tuple(f"image_{number}" for number in range(1, 8))

_CHOICE_INSTRUCTION = "Answer with the option's letter from the given choices directly."
_OPEN_INSTRUCTION = "Answer the question using a single word or phrase."


class Mmmu:
    name = "mmmu"
    needs_images = True
    title = "College examinations in 30 subjects, up to 7 pictures each"
    splits: tuple[str, ...] = ("validation", "dev", "test")
    sizes: Mapping[str, int] = {"validation": 900, "dev": 150, "test": 10500}
    licence = "Apache-2.0"
    source = "MMMU/MMMU"
    scoring = "letter of a choice; open questions by number or text"
    breakdowns: tuple[str, ...] = ("domain", "subject", "question_type", "difficulty", "image_type")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, subject after subject."""
        return load_split(
            self, split, data=data, limit=limit, images=IMAGES, read=read_problem, configs=tuple(sorted(DOMAIN_OF))
        )

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts on an answer; one without a public gold answer is never right."""
        read = answer if extraction is None else extraction
        if not problem.choices:
            golds = gold_answers(problem.gold)
            official = open_is_right(read, golds) if golds else None
            kind: AnswerKind = "number" if any(same_number(gold, gold) for gold in golds) else "text"
            return value(
                answer, kind, golds, lambda first, other: same_number(first, other) or same_text(first, other), official
            )
        parsed = parse_choice(read, dict(zip(LETTERS, problem.choices, strict=False)), problem.id)
        verdict = choice(answer, problem, parsed.letter == problem.gold if problem.gold else None)
        return guessed(verdict) if parsed.guess else verdict


def read_problem(row: Row) -> Problem:
    identity = row.filled("id")
    choices = row.written_texts("options")
    question = row.filled("question")
    gold = row.text("answer").strip()
    if gold == "?":  # not public
        gold = ""
    elif choices:
        gold = row.letter("answer", len(choices))
    options = (
        f"{lettered(choices, '{letter}. {choice}')}\n\n{_CHOICE_INSTRUCTION}" if choices else f"\n{_OPEN_INSTRUCTION}"
    )
    subject = identity.partition("_")[2].rpartition("_")[0]
    return Problem(
        id=identity,
        question=f"{question}\n{options}",
        images=(),
        gold=gold,
        choices=choices,
        metadata={
            "subject": subject,
            "domain": DOMAIN_OF.get(subject, ""),
            "subfield": row.text_or("subfield"),
            "question_type": row.text("question_type"),
            "difficulty": row.text_or("topic_difficulty"),
            "image_type": "; ".join(row.written_texts("img_type")) if row.has("img_type") else "",
        },
    )


def gold_answers(gold: str) -> tuple[str, ...]:
    """The gold answers of an open question: one, or a list in Python's spelling."""
    if not gold.startswith("["):
        return (gold,) if gold else ()
    return Row(values={"answer": gold}, file="gold answer", number=1).written_texts("answer")
