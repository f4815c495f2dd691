"""Which of several answers is committed: by majority, or as soon as answers agree. Pure, so that a run can be replayed.

Answers are given as what they commit to; None, an answer that commits to nothing, never wins over one that does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from s1m.types import Answer, Trace

Weight = Literal["equal", "length", "confidence"]
"""What a vote counts: one; the tokens of its thinking (complexity-based consistency, Y. Fu et al., arXiv
2210.00720); the geometric mean of the probabilities of the answer's tokens."""


def majority(predictions: Sequence[str | None], weights: Sequence[float]) -> int:
    """The index of the winner: the first answer that commits to what has most weight; of equals, the earliest."""
    totals: dict[str, float] = {}
    for prediction, weight in zip(predictions, weights, strict=True):
        if prediction is not None:
            totals[prediction] = totals.get(prediction, 0.0) + weight
    if not totals:
        return 0
    winner = max(totals, key=totals.__getitem__)  # the first of equals, which is the earliest
    return predictions.index(winner)


def weights_of(samples: Sequence[Answer], trace: Trace, weight: Weight) -> list[float]:
    """What the vote of each sample weighs."""
    if weight == "length":
        return [float(max(1, trace.thinking_tokens(sample))) for sample in samples]
    if weight == "confidence":
        return [1.0 if sample.logprob is None else math.exp(sample.logprob) for sample in samples]
    return [1.0] * len(samples)


def settled(
    predictions: Sequence[str | None], agreeing: int, logprobs: Sequence[float | None] = (), sure: float = 0.0
) -> int | None:
    """The index of the answer with which ``agreeing`` in a row commit to the same; None before there is such an answer.

    An answer whose tokens have a mean probability below ``sure`` agrees with nothing.
    """
    streak = 0
    for index, prediction in enumerate(predictions):
        logprob = logprobs[index] if logprobs else None
        unsure = logprob is not None and math.exp(logprob) < sure
        same = index > 0 and prediction == predictions[index - 1]
        streak = 0 if prediction is None or unsure else streak + 1 if same else 1
        if streak >= agreeing:
            return index
    return None
