"""Sums of bars, from plain numbers and by another method than the trace's.

This file imports nothing of the files that make and solve the problems, so that a mistake in them cannot repeat here.
"""

from __future__ import annotations

from collections.abc import Sequence

Table = Sequence[Sequence[int]]


def charts(values: Table, prices: Sequence[int], ask: str) -> int:
    """The answer to a question about bars, by array arithmetic."""
    import numpy as np

    bars = np.array(values)
    if ask == "revenue":
        return int((np.array(prices) @ bars).sum())
    if ask == "above":
        return int(np.where(bars > bars.mean(axis=1, keepdims=True), bars, 0).sum())
    return int(np.clip(np.diff(bars, axis=1), 0, None).sum())
