"""Commitments compared with a gold answer, by kind."""

from __future__ import annotations

from s1m.scoring.answer import AnswerKind, committed
from s1m.scoring.equality.match import same_integer, same_letter, same_list, same_number, same_text

MATCHES = {
    "choice": same_letter,
    "integer": same_integer,
    "list": same_list,
    "yes_no": same_text,
    "text": same_text,
}


def scores(text: str, *, kind: AnswerKind, gold: str, choices: tuple[str, ...] = ()) -> bool:
    """Whether what ``text`` commits to is the gold answer."""
    prediction = committed(text, kind=kind, choices=choices).prediction
    if prediction is None:
        return False
    return same_number(prediction, gold, precision=2) if kind == "number" else MATCHES[kind](prediction, gold)
