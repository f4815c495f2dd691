"""Compare a prediction with the gold answer, by value."""

from __future__ import annotations


def same_integer(prediction: str, gold: str) -> bool:
    """Whether two texts are the same integer; a text that is no integer equals nothing."""
    try:
        return int(prediction) == int(gold)
    except ValueError:
        return False
