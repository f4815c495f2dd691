"""The strict verdict on an answer, by what its question asks for: nothing committed to is wrong, nothing is guessed.

choice(problem, "So it is (B).")             Verdict(prediction="B", correct=..., rule="last-sentence")
value(problem, "The answer is 12.", "number", same_number)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from s1m.scoring.answer import Kind, committed
from s1m.scoring.match import same_letter
from s1m.types import Problem, Verdict


def choice(answer: str, problem: Problem, official: bool | None = None) -> Verdict:
    """Right when the answer commits to the letter that is the gold answer."""
    found = committed(answer, kind="choice", choices=problem.choices)
    correct = found.prediction is not None and same_letter(found.prediction, problem.gold)
    return Verdict(prediction=found.prediction, correct=correct, rule=found.rule, official=official)


def value(
    answer: str, kind: Kind, golds: Sequence[str], same: Callable[[str, str], bool], official: bool | None = None
) -> Verdict:
    """Right when what the answer commits to is the same as one of the gold answers."""
    found = committed(answer, kind=kind)
    prediction = found.prediction
    correct = prediction is not None and any(same(prediction, gold) for gold in golds)
    return Verdict(prediction=prediction, correct=correct, rule=found.rule, official=official)
