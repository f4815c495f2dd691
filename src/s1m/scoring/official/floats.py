"""What ported scorers take for a number: whatever Python's ``float`` reads."""

from __future__ import annotations


def is_float(text: str) -> bool:
    """Whether ``float`` reads ``text``; it also reads ``1_000``, ``nan`` and ``infinity``, and so do the originals."""
    try:
        float(text)
    except ValueError:
        return False
    return True
