"""Counts of the verdicts of recorded responses: both accuracies with intervals, every part, and the rules that decided.

Several responses to one problem are samples of it: an accuracy is the mean over problems of the correct fraction of
their samples, and its interval is clustered by problem. Only predictions and verdicts are kept, not the responses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

from s1m.analysis.run.breakdowns import parts_of_problem
from s1m.analysis.statistics.at_k import SamplesSummary, at_k
from s1m.analysis.statistics.bias import Answered, beyond_chance
from s1m.analysis.statistics.intervals import AccuracyEstimate
from s1m.analysis.statistics.samples import clustered_interval
from s1m.benchmarks import Measured, Measures
from s1m.types import Problem, Verdict


@dataclass(slots=True)
class Samples:
    """The responses to one problem: counts by either verdict, and what each commits to."""

    count: int = 0
    strict: int = 0
    official: int = 0
    with_official: int = 0
    predictions: list[tuple[str | None, bool]] = field(default_factory=list)
    """What each commits to, and whether that is right."""

    def add(self, verdict: Verdict) -> None:
        """Count one more response."""
        self.count += 1
        self.strict += verdict.correct
        self.official += verdict.official is True
        self.with_official += verdict.official is not None
        self.predictions.append((verdict.prediction, verdict.correct))


def _estimate(fractions: Sequence[tuple[int, int]]) -> AccuracyEstimate:
    """The mean of ``correct / count`` over problems, with its interval."""
    import numpy as np

    if not fractions:
        return AccuracyEstimate(accuracy=None, ci95=None)
    values = np.array([correct / count for correct, count in fractions])
    mean = float(sum(Fraction(correct, count) for correct, count in fractions) / len(fractions))  # exact, then rounded
    return AccuracyEstimate(accuracy=mean, ci95=clustered_interval(values, trials=sum(count for _, count in fractions)))


@dataclass
class VerdictCounts:
    """Counts of one part: responses, without an answer, correct by either verdict, judged by a judge model."""

    responses: int = 0
    no_answer: int = 0
    strict: int = 0
    official: int = 0
    without_official: int = 0
    judged: int = 0
    samples: dict[str, Samples] = field(default_factory=dict)
    """By the problem's id."""

    def add(self, problem_id: str, verdict: Verdict) -> None:
        """Count one more response."""
        self.samples.setdefault(problem_id, Samples()).add(verdict)
        self.responses += 1
        self.no_answer += verdict.prediction is None
        self.strict += verdict.correct
        self.official += verdict.official is True
        self.without_official += verdict.official is None
        self.judged += verdict.judged

    @property
    def problems(self) -> int:
        """The number of problems, however many responses each has."""
        return len(self.samples)

    @property
    def strict_accuracy(self) -> AccuracyEstimate:
        """Strict accuracy over all problems."""
        return _estimate([(each.strict, each.count) for each in self.samples.values()])

    @property
    def official_accuracy(self) -> AccuracyEstimate:
        """Official accuracy over the problems to which the official scorer gave a verdict."""
        scored = [(each.official, each.with_official) for each in self.samples.values() if each.with_official]
        return _estimate(scored)

    @property
    def at_k(self) -> tuple[SamplesSummary, ...]:
        """pass@k and maj@k by strict verdicts, for every k that all problems have responses for; else empty."""
        return at_k([each.predictions for each in self.samples.values()])

    def as_json(self) -> dict[str, Any]:
        """Counts, and accuracies with their intervals."""
        return {
            "problems": self.problems,
            "responses": self.responses,
            "no_answer": self.no_answer,
            "judged": self.judged,
            "strict": asdict(self.strict_accuracy),
            "official": asdict(self.official_accuracy),
            **({"at_k": [asdict(each) for each in self.at_k]} if self.at_k else {}),
        }


@dataclass
class ResponseCounts:
    """Counts of all responses, and of every part by which the benchmark breaks its results down."""

    breakdowns: Sequence[str]
    whole: VerdictCounts = field(default_factory=VerdictCounts)
    parts: dict[str, dict[str, VerdictCounts]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    failures: list[str] = field(default_factory=list)
    """Why a scorer gave no verdict, one line a response."""
    measured: Measured | None = None
    """The benchmark, where it publishes measures over groups of problems: they need every verdict, of the first
    response to each problem."""
    grouped: list[tuple[Mapping[str, str], Verdict]] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    """The gold answer and the prediction of every response."""
    judge: str = ""
    """The judge model; empty without one."""

    def add(self, problem: Problem, verdict: Verdict) -> None:
        """Count one more response, in every part to which its problem belongs."""
        is_first = problem.id not in self.whole.samples
        self.whole.add(problem.id, verdict)
        self.rules[verdict.rule] += 1
        self.answered.append(Answered(prompt=problem.question, gold=problem.gold, prediction=verdict.prediction))
        if self.measured and is_first:
            self.grouped.append((problem.metadata, verdict))
        for key, value in parts_of_problem(problem.metadata, self.breakdowns):
            self.parts.setdefault(key, {}).setdefault(value, VerdictCounts()).add(problem.id, verdict)

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
            "failures": list(self.failures),
            **({"measures": measures} if self.measured else {}),
            "biases": [asdict(each) for each in beyond_chance(self.answered)],
            "judge": self.judge or None,
            "rules": dict(self.rules.most_common()),
            "breakdowns": {
                key: {value: counts[value].as_json() for value in sorted(counts)} for key, counts in self.parts.items()
            },
        }
