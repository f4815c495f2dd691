"""The rules among which one is chosen: few enough to be read, made from the tuning part alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from s1m.analysis.tuning.logistic import logistic_rules
from s1m.analysis.tuning.walks import Walks
from s1m.forcing.stopping import Rule

CONFIDENCES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles of the answers' confidence that become thresholds."""
MOST_AGREEING = 6
FLOORS = 3
"""Levels from which on logistic rules ask: an answer that is hardly ever enough costs tokens, and agrees by chance."""


def candidates(walks: Walks, rows: Sequence[int], reference: int) -> list[Rule]:
    """All rules over the levels of the run, made from the problems in ``rows``; the order says nothing.

    A rule may go beyond the ``reference`` level where the run does: what is saved on easy problems is then spent on
    hard ones. The same rule that ends at the reference is a candidate of its own.
    """
    start = walks.levels[0]
    upto = tuple(level for level in walks.levels if level <= reference)
    made = [Rule(kind="level", levels=upto[: index + 1], first=level) for index, level in enumerate(upto)]
    sure = confidences(walks, rows)
    for levels in dict.fromkeys((upto, walks.levels)):
        agree = [
            Rule(kind="agree", levels=levels, first=first, agreeing=times)
            for times in range(2, min(MOST_AGREEING, len(levels)) + 1)
            for first in upto[: len(levels) - times]
        ]
        made += agree
        made += [Rule(kind="confident", levels=levels, first=start, confidence=each) for each in sure]
        made += [
            replace(rule, kind="agree_or_confident", confidence=each)
            for rule in agree
            if rule.first == start
            for each in sure
        ]
        made += [rule for first in upto[:FLOORS] for rule in logistic_rules(walks, rows, levels, first)]
    return made


def confidences(walks: Walks, rows: Sequence[int]) -> list[float]:
    """Thresholds of confidence, to three digits; empty where the engine gives none, or all are alike."""
    import numpy as np

    known = walks.steps(walks.levels[0]).confidence
    times = np.bincount(rows, minlength=len(walks))[walks.problem]
    values = np.repeat(known, times, axis=0).ravel()
    values = values[~np.isnan(values)]
    if not len(values):
        return []
    thresholds = {round(float(each), 3) for each in np.quantile(values, CONFIDENCES)}
    return sorted(each for each in thresholds if each > 0 and values.min() < each)
