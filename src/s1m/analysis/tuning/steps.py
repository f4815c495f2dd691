"""The stops of all traces of a run as arrays, and where a rule stops in all of them at once.

A tuning asks hundreds of rules about every trace; ``Rule.stops`` itself would take minutes. The arrays decide as it
does, which tests compare with a replay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s1m.forcing.stopping import Features, Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """A stop at which an answer was asked for; ``is_last`` where the chain ended there by itself."""

    features: Features
    correct: bool
    is_last: bool


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Arrays of shape (traces, stops), as many stops as the longest trace has; beyond its end a trace has no value."""

    there: NDArray[np.bool_]
    ends: NDArray[np.bool_]
    """The last stop of a trace, or one where its chain ended by itself."""
    correct: NDArray[np.bool_]
    tokens: NDArray[np.float64]
    ignored: NDArray[np.float64]
    agreeing: NDArray[np.float64]
    confidence: NDArray[np.float64]
    """NaN where the engine gives none."""
    names: tuple[str, ...]
    numbers: NDArray[np.float64]
    """Of shape (traces, stops, names): what a logistic rule has weights for."""
    codes: NDArray[np.int64]
    """The same, with every value as its number among those that the feature has."""
    _scores: dict[tuple[float, tuple[float, ...]], NDArray[np.float64]] = field(default_factory=dict)

    def at(self, rule: Rule) -> NDArray[np.int64]:
        """Where the rule stops in every trace: of shape (traces,)."""
        import numpy as np

        if rule.kind == "level":
            return np.zeros(len(self.ends), dtype=np.int64)
        stops = self.ends | (self.ignored >= rule.levels[-1]) | self._decided(rule)
        first: NDArray[np.int64] = stops.argmax(axis=1)  # what lies beyond the end of a trace comes too late to count
        return first

    def _decided(self, rule: Rule) -> NDArray[np.bool_]:
        """Of shape (traces, stops): whether the rule is content with the answer there."""
        if rule.kind == "logistic":
            limit = math.log(rule.threshold / (1 - rule.threshold))
            return (self.agreeing > 0) & (self._score(rule) >= limit)
        is_confident = (self.agreeing > 0) & (self.confidence >= rule.confidence)  # NaN is never enough
        does_agree = self.agreeing >= rule.agreeing
        decided: NDArray[np.bool_] = {
            "agree": does_agree, "confident": is_confident, "agree_or_confident": does_agree | is_confident,
        }[rule.kind]  # fmt: skip
        return decided

    def _score(self, rule: Rule) -> NDArray[np.float64]:
        """Of shape (traces, stops): the logarithm of the odds, kept for the next rule, which often has the weights."""
        import numpy as np

        weights = tuple(rule.weights.get(name, 0.0) for name in self.names)
        key = (rule.intercept, weights)
        if key not in self._scores:
            self._scores.clear()
            self._scores[key] = rule.intercept + self.numbers @ np.array(weights)
        return self._scores[key]


def steps_of(walks: Sequence[Sequence[Stop]]) -> Steps:
    """The stops of traces, of which each has at least one, as arrays."""
    import numpy as np

    shape = (len(walks), max(map(len, walks)))
    numbers = [[stop.features.numbers() for stop in walk] for walk in walks]
    names = tuple(dict.fromkeys(name for walk in numbers for each in walk for name in each))

    def array(value: str, fill: float) -> NDArray[np.float64]:
        made = np.full(shape, fill)
        for row, walk in enumerate(walks):
            values = [getattr(stop.features, value) for stop in walk]
            made[row, : len(walk)] = [np.nan if each is None else each for each in values]
        return made

    design = np.zeros((*shape, len(names)))
    there, ends, correct = (np.zeros(shape, dtype=bool) for _ in range(3))
    for row, (walk, known) in enumerate(zip(walks, numbers, strict=True)):
        there[row, : len(walk)] = True
        ends[row, : len(walk)] = [stop.is_last for stop in walk]
        ends[row, len(walk) - 1] = True
        correct[row, : len(walk)] = [stop.correct for stop in walk]
        design[row, : len(walk)] = [[each.get(name, 0.0) for name in names] for each in known]
    codes = np.zeros(design.shape, dtype=np.int64)
    for column in range(len(names)):
        codes[:, :, column] = np.unique(design[:, :, column], return_inverse=True)[1].reshape(shape)
    return Steps(
        there=there, ends=ends, correct=correct, tokens=array("tokens", 0.0), ignored=array("ignored", 0.0),
        agreeing=array("agreeing", 0.0), confidence=array("confidence", np.nan), names=names, numbers=design,
        codes=codes,
    )  # fmt: skip
