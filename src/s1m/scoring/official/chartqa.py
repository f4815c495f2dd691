"""Relaxed accuracy, the official verdict of ChartQA: within 5 percent of a number, else the same text in lower case."""

from __future__ import annotations

from s1m.scoring.text.bounds import official_part

TOLERANCE = 0.05


def is_relaxed_equal(answer: str, gold: str) -> bool:
    """The official verdict: relaxed accuracy."""
    answer = official_part(answer)
    ours, theirs = _number(answer), _number(gold)
    if ours is not None and theirs:
        return abs(ours - theirs) / abs(theirs) <= TOLERANCE
    return answer.strip().lower() == gold.strip().lower()


def _number(text: str) -> float | None:
    text = text.strip()
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None
