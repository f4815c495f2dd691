"""The strict verdict on an answer, by what its question asks for: nothing committed to is wrong, nothing is guessed.

choice(problem, "So it is (B).")             Verdict(prediction="B", correct=..., rule="last-sentence")
value(problem, "The answer is 12.", "number", same_number)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from s1m.scoring.answer import AnswerKind, committed
from s1m.scoring.equality.formula import same_formula
from s1m.scoring.equality.match import same_integer, same_letter, same_list, same_number, same_text
from s1m.types import Problem, Verdict

_EXACT_LETTER = re.compile(r"\(?([A-Z])(?:\)|\.|:|$)")


_KINDS: dict[str, tuple[AnswerKind, Callable[[str, str], bool]]] = {
    "integer": ("integer", same_integer),
    "number": ("number", same_number),
    "list": ("list", same_list),
    "yes_no": ("yes_no", same_text),
    "text": ("text", same_text),
}

KINDS = ("choice", *_KINDS, "expression")
"""What a question may ask for."""


def choice(answer: str, problem: Problem, official: bool | None = None) -> Verdict:
    """Right when the answer commits to the letter that is the gold answer."""
    commitment = committed(answer, kind="choice", choices=problem.choices, question=problem.question)
    correct = commitment.prediction is not None and same_letter(commitment.prediction, problem.gold)
    return Verdict(prediction=commitment.prediction, correct=correct, rule=commitment.rule, official=official)


def value(
    answer: str, kind: AnswerKind, golds: Sequence[str], same: Callable[[str, str], bool], official: bool | None = None
) -> Verdict:
    """Right when what the answer commits to is the same as one of the gold answers."""
    commitment = committed(answer, kind=kind)
    prediction = commitment.prediction
    correct = prediction is not None and any(same(prediction, gold) for gold in golds)
    return Verdict(prediction=prediction, correct=correct, rule=commitment.rule, official=official)


def formula(answer: str, golds: Sequence[str], official: bool | None = None) -> Verdict:
    """Right when the answer commits to a formula that equals one of the gold answers."""
    return value(answer, "expression", golds, same_formula, official)


def by_kind(answer: str, problem: Problem, kind: str) -> Verdict:
    """The verdict on an answer to a question of one of ``KINDS``."""
    if kind == "choice":
        return choice(answer, problem)
    if kind == "expression":
        return formula(answer, (problem.gold,))
    return value(answer, _KINDS[kind][0], (problem.gold,), _KINDS[kind][1])


def guessed(verdict: Verdict) -> Verdict:
    """The verdict, saying that the official one rests on a guess."""
    return replace(verdict, rule=f"{verdict.rule}; official: guess")


def exact_letter(answer: str) -> str | None:
    """The letter that an answer is, or begins with as in ``B. leaf`` and ``(B)``: what direct answers are read for."""
    match = _EXACT_LETTER.match(answer.strip())
    return match[1] if match else None
