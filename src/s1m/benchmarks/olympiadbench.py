r"""OlympiadBench: olympiad problems in mathematics and physics, those with pictures (https://arxiv.org/abs/2402.14008).

    {"id": 2231, "question": "Find the value of <image_1>.", "solution": ["..."], "final_answer": ["$\frac{1}{2}$"],
     "context": null, "image_1": {bytes, path}, ..., "image_5": null, "modality": "Multimodal", "language": "English",
     "difficulty": "Competition", "is_multiple_answer": false, "unit": null, "answer_type": "Numerical", "error": null,
     "question_type": "Open-ended", "subfield": "Geometry", "subject": "Math"}

``en`` are the open-ended competition problems in English, ``zh`` those in Chinese with the entrance examinations; each
is several configs of the Hub's dataset. Proofs and answers that need a person to judge are left out. ``error`` is the
precision of a numerical answer. The official verdict needs sympy where formulas have letters, and is None there; the
strict one asks algebra instead, and forgives no factor of 100.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s1m.benchmarks.olympiad_prompt import prompt_of
from s1m.benchmarks.reading.row import Row
from s1m.benchmarks.reading.rows import load_split
from s1m.scoring.answer import committed
from s1m.scoring.equality.formula import same_formula
from s1m.scoring.equality.value import value_of
from s1m.scoring.official.olympiadbench import DEFAULT_PRECISION, SLACK, final_answer, items_of, judge, paired
from s1m.types import Problem, Verdict

_CONFIGS = {
    "en": ("OE_MM_maths_en_COMP", "OE_MM_physics_en_COMP"),
    "zh": ("OE_MM_maths_zh_CEE", "OE_MM_maths_zh_COMP", "OE_MM_physics_zh_CEE"),
}
_IMAGES = ("images", *(f"image_{number}" for number in range(1, 6)))


class OlympiadBench:
    name = "olympiadbench"
    title = "Olympiad mathematics and physics with pictures"
    splits: tuple[str, ...] = tuple(_CONFIGS)
    sizes: Mapping[str, int] = {}
    licence = "Apache-2.0"
    source = "Hothan/OlympiadBench"
    scoring = "number to a precision, formula, interval, or several of them"
    breakdowns: tuple[str, ...] = ("subject", "subfield", "answer_type", "difficulty")

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, config after config."""
        configs = _CONFIGS.get(split, ())
        names = ("train", *configs)
        return load_split(
            self, split, data=data, limit=limit, images=_IMAGES, read=read_problem, names=names, configs=configs
        )

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        precisions = precisions_of(problem.metadata["error"])
        official = judge(final_answer(answer) if extraction is None else extraction, problem.gold, precisions)
        parsed = committed(answer, kind="expression")
        if parsed.prediction is None:
            return Verdict(prediction=None, correct=False, rule=parsed.rule, official=official)
        ours, theirs = (items_of(text.replace("$", "")) for text in (parsed.prediction, problem.gold))
        correct = same_formula(parsed.prediction, problem.gold) or paired(ours, theirs, precisions, _same) is True
        return Verdict(prediction=parsed.prediction, correct=correct, rule=parsed.rule, official=official)


def _same(item: str, gold: str, precision: float) -> bool:
    ours, theirs = value_of(item), value_of(gold)
    if ours is None or theirs is None:
        return same_formula(item, gold)
    if precision == DEFAULT_PRECISION and theirs:  # as a share of the gold answer: 1.6e-19 is not 1.7e-19
        precision *= min(1.0, abs(float(theirs)))
    return abs(float(ours) - float(theirs)) <= precision * SLACK


def precisions_of(error: str) -> tuple[float, ...]:
    """The precisions of a row's answers: one for all, or one each."""
    if not error:
        return (DEFAULT_PRECISION,)
    return tuple(float(part) if part.strip() else DEFAULT_PRECISION for part in error.split(","))


def read_problem(row: Row) -> Problem | None:
    """The problem of a row; None where no rule can judge its answer."""
    answer_type = row.text_or("answer_type")
    answers = row.texts("final_answer")
    if "Need_human_evaluate" in answer_type or not answers:
        return None
    error = row.text_or("error")
    try:
        precisions_of(error)
    except ValueError:
        raise row.wrong("error", f"expected numbers such as 1e-1, got {error!r}") from None
    subject, language = row.filled("subject"), row.filled("language")
    return Problem(
        id=f"{subject}-{language}-{row.text_or('difficulty')}-{row.integer('id')}",
        question=prompt_of(row, answer_type, subject, language),
        images=(),
        gold=answers[0],
        metadata={
            "subject": subject,
            "language": language,
            "subfield": row.text_or("subfield"),
            "difficulty": row.text_or("difficulty"),
            "answer_type": answer_type,
            "unit": row.text_or("unit"),
            "error": error,
        },
    )
