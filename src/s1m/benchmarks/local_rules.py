"""Strict verdicts until s1m.scoring has them: a letter, a number or a text that is the whole answer.

To be replaced by ``s1m.scoring.answer`` (what a text commits to) and ``s1m.scoring.match`` (equality by value).
"""

from __future__ import annotations

import re

from s1m.types import Verdict

_LAST_LETTER = re.compile(r"(?<![A-Za-z])\(?([A-Z])\)?(?![A-Za-z])")


def choice_verdict(answer: str, gold: str, choices: tuple[str, ...]) -> Verdict:
    """Replace by ``s1m.scoring.answer``: the last letter, or the text of a choice. ``gold`` is a letter."""
    text = answer.strip()
    if text in choices:
        letter = gold if choices[ord(gold) - 65] == text else chr(65 + choices.index(text))
        return Verdict(prediction=letter, correct=letter == gold, rule="choice")
    found = _LAST_LETTER.findall(text)
    if not found:
        return Verdict(prediction=None, correct=False, rule="no-answer")
    return Verdict(prediction=found[-1], correct=found[-1] == gold, rule="letter")


def value_verdict(answer: str, *golds: str) -> Verdict:
    """Replace by ``s1m.scoring.match``: equal as numbers or as texts."""
    text = answer.strip().strip("$").lower()
    if not text:
        return Verdict(prediction=None, correct=False, rule="no-answer")
    same = any(text == gold.strip().strip("$").lower() or _number(text) == _number(gold) is not None for gold in golds)
    return Verdict(prediction=text, correct=same, rule="value")


def _number(text: str) -> float | None:
    try:
        return float(text.strip("$% ").replace(",", ""))
    except ValueError:
        return None
