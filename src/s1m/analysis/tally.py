"""Verdicts of recorded responses counted: both accuracies with intervals, part by part, and which rules decided.

Holds counts only, so that any number of responses takes the same memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from s1m.analysis.intervals import wilson_interval
from s1m.types import Problem, Verdict


@dataclass
class Count:
    """Responses of one part: how many, how many without an answer, how many right by either verdict."""

    responses: int = 0
    no_answer: int = 0
    strict: int = 0
    official: int = 0
    without_official: int = 0

    def add(self, verdict: Verdict) -> None:
        """One more response."""
        self.responses += 1
        self.no_answer += verdict.prediction is None
        self.strict += verdict.correct
        self.official += verdict.official is True
        self.without_official += verdict.official is None

    def as_json(self) -> dict[str, Any]:
        """Counts and accuracies with 95 % Wilson intervals; None where there is nothing to divide by."""
        judged = self.responses - self.without_official
        return {
            "responses": self.responses,
            "no_answer": self.no_answer,
            "strict": _share(self.strict, self.responses),
            "official": _share(self.official, judged),
        }


@dataclass
class Tally:
    """All responses, and each part by which the benchmark breaks its results down."""

    breakdowns: Sequence[str]
    whole: Count = field(default_factory=Count)
    parts: dict[str, dict[str, Count]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    errors: int = 0

    def add(self, problem: Problem, verdict: Verdict) -> None:
        """One more response; a problem with several values of a key counts in each of them."""
        self.whole.add(verdict)
        self.rules[verdict.rule] += 1
        for key in self.breakdowns:
            for value in problem.metadata.get(key, "").split("; "):
                if value:
                    self.parts.setdefault(key, {}).setdefault(value, Count()).add(verdict)

    def as_json(self) -> dict[str, Any]:
        """Everything, with the parts in alphabetical order and the rules by how often they decided."""
        return {
            **self.whole.as_json(),
            "errors": self.errors,
            "rules": dict(self.rules.most_common()),
            "breakdowns": {
                key: {value: found[value].as_json() for value in sorted(found)} for key, found in self.parts.items()
            },
        }


def _share(successes: int, trials: int) -> dict[str, float] | None:
    if not trials:
        return None
    interval = wilson_interval(successes, trials)
    return {"accuracy": successes / trials, "low": interval.low, "high": interval.high}
