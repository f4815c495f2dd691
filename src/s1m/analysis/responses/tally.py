"""Verdicts of recorded responses counted: both accuracies with intervals, part by part, and which rules decided.

Holds counts only, so that any number of responses takes the same memory; verdicts are kept only for a benchmark that
publishes measures over groups of problems.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from s1m.analysis.run.parts import parts_named
from s1m.analysis.statistics.intervals import Interval, wilson_interval
from s1m.benchmarks import Measured, Measures
from s1m.types import Problem, Verdict


@dataclass(frozen=True, kw_only=True)
class Share:
    """An accuracy with its 95 % Wilson interval; both None where nothing was judged."""

    accuracy: float | None
    ci95: Interval | None


def share(successes: int, trials: int) -> Share:
    """Successes among trials."""
    if not trials:
        return Share(accuracy=None, ci95=None)
    return Share(accuracy=successes / trials, ci95=wilson_interval(successes, trials))


@dataclass
class Count:
    """Responses of one part: how many, without an answer, right by either verdict, judged by a language model."""

    responses: int = 0
    no_answer: int = 0
    strict: int = 0
    official: int = 0
    without_official: int = 0
    judged: int = 0

    def add(self, verdict: Verdict) -> None:
        """One more response."""
        self.responses += 1
        self.no_answer += verdict.prediction is None
        self.strict += verdict.correct
        self.official += verdict.official is True
        self.without_official += verdict.official is None
        self.judged += verdict.judged

    @property
    def strict_share(self) -> Share:
        """Strict accuracy."""
        return share(self.strict, self.responses)

    @property
    def official_share(self) -> Share:
        """Official accuracy among the responses that the official scorer judged."""
        return share(self.official, self.responses - self.without_official)

    def as_json(self) -> dict[str, Any]:
        """Counts, and accuracies with their intervals."""
        return {
            "responses": self.responses,
            "no_answer": self.no_answer,
            "judged": self.judged,
            "strict": asdict(self.strict_share),
            "official": asdict(self.official_share),
        }


@dataclass
class Tally:
    """All responses, and each part by which the benchmark breaks its results down."""

    breakdowns: Sequence[str]
    whole: Count = field(default_factory=Count)
    parts: dict[str, dict[str, Count]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    measured: Measured | None = None
    """The benchmark, where it publishes measures over groups of problems: those need every verdict kept."""
    grouped: list[tuple[Mapping[str, str], Verdict]] = field(default_factory=list)
    judge: str = ""
    """The language model that was asked where no rule could read an answer."""

    def add(self, problem: Problem, verdict: Verdict) -> None:
        """One more response; a problem with several values of a key counts in each of them."""
        self.whole.add(verdict)
        self.rules[verdict.rule] += 1
        if self.measured:
            self.grouped.append((problem.metadata, verdict))
        for key, value in parts_named(problem.metadata, self.breakdowns):
            self.parts.setdefault(key, {}).setdefault(value, Count()).add(verdict)

    def measures(self) -> dict[str, Measures]:
        """The benchmark's measures by either verdict; nothing where it publishes none."""
        if not self.measured:
            return {}
        official = [(metadata, verdict.official) for metadata, verdict in self.grouped if verdict.official is not None]
        return {
            "strict": self.measured.measures([(metadata, verdict.correct) for metadata, verdict in self.grouped]),
            "official": self.measured.measures(official),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, with the parts in alphabetical order and the rules by how often they decided."""
        return {
            **self.whole.as_json(),
            "errors": self.errors,
            **({"measures": {by: asdict(found) for by, found in self.measures().items()}} if self.measured else {}),
            "judge": self.judge or None,
            "rules": dict(self.rules.most_common()),
            "breakdowns": {
                key: {value: found[value].as_json() for value in sorted(found)} for key, found in self.parts.items()
            },
        }
