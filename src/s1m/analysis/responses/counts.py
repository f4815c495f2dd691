"""Counts of the verdicts of recorded responses: both accuracies with intervals, every part, and the rules that decided.

Only counts are kept, so that any number of responses takes the same memory; verdicts are kept only for a benchmark that
publishes measures over groups of problems.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from s1m.analysis.run.breakdowns import parts_of_problem
from s1m.analysis.statistics.intervals import AccuracyEstimate, estimate_accuracy
from s1m.benchmarks import Measured, Measures
from s1m.types import Problem, Verdict


@dataclass
class VerdictCounts:
    """Counts of one part: responses, without an answer, correct by either verdict, judged by a judge model."""

    responses: int = 0
    no_answer: int = 0
    strict: int = 0
    official: int = 0
    without_official: int = 0
    judged: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one more response."""
        self.responses += 1
        self.no_answer += verdict.prediction is None
        self.strict += verdict.correct
        self.official += verdict.official is True
        self.without_official += verdict.official is None
        self.judged += verdict.judged

    @property
    def strict_accuracy(self) -> AccuracyEstimate:
        """Strict accuracy among all responses."""
        return estimate_accuracy(self.strict, self.responses)

    @property
    def official_accuracy(self) -> AccuracyEstimate:
        """Official accuracy among the responses to which the official scorer gave a verdict."""
        return estimate_accuracy(self.official, self.responses - self.without_official)

    def as_json(self) -> dict[str, Any]:
        """Counts, and accuracies with their intervals."""
        return {
            "responses": self.responses,
            "no_answer": self.no_answer,
            "judged": self.judged,
            "strict": asdict(self.strict_accuracy),
            "official": asdict(self.official_accuracy),
        }


@dataclass
class ResponseCounts:
    """Counts of all responses, and of every part by which the benchmark breaks its results down."""

    breakdowns: Sequence[str]
    whole: VerdictCounts = field(default_factory=VerdictCounts)
    parts: dict[str, dict[str, VerdictCounts]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    measured: Measured | None = None
    """The benchmark, where it publishes measures over groups of problems: they need every verdict."""
    grouped: list[tuple[Mapping[str, str], Verdict]] = field(default_factory=list)
    judge: str = ""
    """The judge model; empty without one."""

    def add(self, problem: Problem, verdict: Verdict) -> None:
        """Count one more response, in every part to which its problem belongs."""
        self.whole.add(verdict)
        self.rules[verdict.rule] += 1
        if self.measured:
            self.grouped.append((problem.metadata, verdict))
        for key, value in parts_of_problem(problem.metadata, self.breakdowns):
            self.parts.setdefault(key, {}).setdefault(value, VerdictCounts()).add(verdict)

    def measures(self) -> dict[str, Measures]:
        """The benchmark's measures by either verdict; empty where it publishes none."""
        if not self.measured:
            return {}
        official = [(metadata, verdict.official) for metadata, verdict in self.grouped if verdict.official is not None]
        return {
            "strict": self.measured.measures([(metadata, verdict.correct) for metadata, verdict in self.grouped]),
            "official": self.measured.measures(official),
        }

    def as_json(self) -> dict[str, Any]:
        """All counts as JSON values: parts in alphabetical order, rules by frequency."""
        measures = {by: asdict(measured) for by, measured in self.measures().items()}
        return {
            **self.whole.as_json(),
            "errors": self.errors,
            **({"measures": measures} if self.measured else {}),
            "judge": self.judge or None,
            "rules": dict(self.rules.most_common()),
            "breakdowns": {
                key: {value: counts[value].as_json() for value in sorted(counts)} for key, counts in self.parts.items()
            },
        }
