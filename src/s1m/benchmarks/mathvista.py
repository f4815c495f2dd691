"""MathVista: mathematics in pictures of 31 sources (P. Lu and others, https://arxiv.org/abs/2310.02255).

    {"pid": "2", "question": "what is the total volume of the measuring cup?", "image": "images/2.jpg",
     "decoded_image": {bytes, path}, "choices": null, "unit": "g", "precision": null, "answer": "1000",
     "question_type": "free_form", "answer_type": "integer", "query": "Hint: Please answer the question requiring ...",
     "metadata": {"category": "general-vqa", "context": "natural image", "grade": "elementary school",
                  "language": "english", "skills": ["numeric commonsense"], "source": "...", "split": "testmini",
                  "task": "figure question answering", "img_height": 960, "img_width": 1280}}

The question is the official query, rebuilt where a row has none. The answers of ``test`` are not public: it can be run
and not scored. ``--data testmini.json`` reads the authors' file, without images, to score recorded responses.
The official scorer is that of lupantech/MathVista (a language model extracts; then letters, numbers, edit distance).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from s1m.benchmarks.reading.row import Row, lettered
from s1m.benchmarks.reading.rows import check_split, load_split
from s1m.errors import DataError
from s1m.files.decoding import read_json
from s1m.scoring.official.mathvista import extraction_of, is_guess, official, strict
from s1m.types import Problem, Verdict

_HINT = "Hint: Please answer the question"
_CHOICE_HINT = f"{_HINT} and provide the correct option letter, e.g., A, B, C, D, at the end."
_HINTS = {
    ("integer", None): f"{_HINT} requiring an integer answer and provide the final value, e.g., 1, 2, 3, at the end.",
    ("float", 1): f"{_HINT} requiring a floating-point number with one decimal place and provide the final value, "
    "e.g., 1.2, 1.3, 1.4, at the end.",
    ("float", 2): f"{_HINT} requiring a floating-point number with two decimal places and provide the final value, "
    "e.g., 1.23, 1.34, 1.45, at the end.",
    ("list", None): f"{_HINT} requiring a Python list as an answer and provide the final list, "
    "e.g., [1, 2, 3], [1.2, 1.3, 1.4], at the end.",
}
"""By type of the answer and decimals, for questions without choices."""

_METADATA = ("task", "context", "grade", "source", "category", "language")


class MathVista:
    name = "mathvista"
    needs_images = True
    title = "Mathematics in pictures: figures, charts, geometry, textbooks, photographs"
    splits: tuple[str, ...] = ("testmini", "test")
    sizes: Mapping[str, int] = {"testmini": 1000, "test": 5141}
    licence = "CC BY-SA 4.0"
    source = "AI4Math/MathVista"
    scoring = "letter of a choice, integer, decimal to its precision, or list"
    breakdowns: tuple[str, ...] = (
        "question_type",
        "answer_type",
        "task",
        "skills",
        "context",
        "grade",
        "category",
        "language",
        "source",
    )

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, from parquet files or from the authors' ``testmini.json``."""
        if data is not None and data.endswith(".json"):
            check_split(self, split)
            return load_json(Path(data).expanduser(), limit)
        return load_split(self, split, data=data, limit=limit, images=("decoded_image",), read=read_problem)

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """Both verdicts on an answer; one without a public gold answer is never right.

        There is an official one where the official extractor needs no language model or ``extraction`` is given.
        """
        prediction, correct, rule = strict(problem, answer)
        extracted = extraction_of(problem, answer) if extraction is None else extraction
        if extracted is None or not problem.gold:
            return Verdict(prediction=prediction, correct=correct, rule=rule)
        if is_guess(problem, extracted):
            rule += "; official: guess"
        return Verdict(prediction=prediction, correct=correct, rule=rule, official=official(problem, extracted))


def query(question: str, unit: str, choices: tuple[str, ...], hint: str) -> str:
    """What the authors ask: a hint about the form of the answer, the question, the choices."""
    asked = f"{hint}\nQuestion: {question}" + (f" (Unit: {unit})" if unit else "")
    return (asked + (f"\nChoices:\n{lettered(choices, '({letter}) {choice}')}" if choices else "")).strip()


def read_problem(row: Row) -> Problem:
    choices = row.texts("choices")
    answer_type = row.text("answer_type")
    precision = whole(row, "precision")
    hint = _CHOICE_HINT if choices else _HINTS.get((answer_type, precision))
    if hint is None:
        raise row.wrong(
            "answer_type", f"expected integer, list or float of precision 1 or 2, got {answer_type!r}, {precision}"
        )
    gold = row.text_or("answer")
    if choices and gold and gold not in choices:
        raise row.wrong("answer", f"{gold!r} is not one of the choices")
    unit = row.text_or("unit")
    return Problem(
        id=row.filled("pid"),
        question=row.text_or("query").strip() or query(row.filled("question"), unit, choices, hint),
        images=(),
        gold=gold,
        choices=choices,
        metadata={
            "question_type": row.text("question_type"),
            "answer_type": answer_type,
            "precision": "" if precision is None else str(precision),
            "unit": unit,
            "skills": "; ".join(row.texts("metadata.skills")),
            **{key: row.text_or(f"metadata.{key}") for key in _METADATA},
        },
    )


def whole(row: Row, column: str) -> int | None:
    """A whole number, which the parquet files keep as a float; None where it is null."""
    if not row.has(column):
        return None
    value = row.value(column)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return row.integer(column)


def load_json(path: Path, limit: int | None) -> list[Problem]:
    """The problems of the authors' JSON file, a mapping from pid to row, without their images."""
    rows = read_json(path, object)  # of any type, so that the error below says what is expected
    if not isinstance(rows, dict) or not all(isinstance(values, dict) for values in rows.values()):
        raise DataError(f"{path}: expected a mapping from pid to row, such as the authors' testmini.json")
    wanted = list(rows.values())[:limit]
    return [
        read_problem(Row(values=values, file=str(path), number=number)) for number, values in enumerate(wanted, start=1)
    ]
