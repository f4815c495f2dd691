"""When a chain has been thought long enough: what is known at a stop, and the rule that decides on it. Pure.

A rule is tuned on a recorded run by ``s1m tune``. It sees nothing of the question and nothing of the gold answer, so it
can be used where there is none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from s1m.types import Answer, Segment, StopClass

RuleKind = Literal["level", "agree", "confident", "agree_or_confident", "logistic"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """What is known at a stop at which an answer was asked for."""

    ignored: int
    """Stops that were ignored before it."""
    agreeing: int
    """Answers in a row, this one the last, that commit to the same; 0 for an answer that commits to nothing."""
    lead: int
    """How often this answer was given so far, less how often the most frequent other one was."""
    confidence: float | None
    """Geometric mean of the probabilities of the answer's tokens; None where the engine does not give them."""
    tokens: int
    """Generated so far, thinking and answers."""
    stop: StopClass
    """How the thinking before the answer ended."""
    loops: int
    """Segments so far in which a loop was cut."""
    kind: str = ""
    """Kind of question, where the benchmark has kinds."""

    def numbers(self) -> dict[str, float]:
        """The features as numbers by the names that a logistic rule has weights for."""
        return {
            "ignored": self.ignored,
            "agreeing": self.agreeing,
            "lead": self.lead,
            "confidence": 0.0 if self.confidence is None else self.confidence,
            "log_tokens": math.log(max(1, self.tokens)),
            "unclosed": float(self.stop != "closed"),
            "loops": self.loops,
            **({f"kind={self.kind}": 1.0} if self.kind else {}),
        }


def features_at(
    chain: Sequence[Segment], answers: Sequence[Answer], committed: Sequence[str | None], kind: str = ""
) -> Features:
    """What is known at the last of ``answers``, all of them along one ``chain``, in the order they were asked for.

    ``committed`` is what each of them commits to, None for nothing. Segments after the last answer are not looked at.
    """
    last, given = answers[-1], committed[-1]
    thought = chain[: last.segments]
    streak = 0
    for each in reversed(committed):
        if each is None or each != given:
            break
        streak += 1
    counts = Counter(each for each in committed if each is not None)
    others = max((count for each, count in counts.items() if each != given), default=0)
    return Features(
        ignored=max(0, last.segments - 1),
        agreeing=streak,
        lead=(counts[given] if given is not None else 0) - others,
        confidence=None if last.logprob is None else math.exp(last.logprob),
        tokens=sum(segment.tokens for segment in thought) + sum(answer.tokens for answer in answers),
        stop=last.stop,
        loops=sum(segment.stop == "looped" or "looped" in segment.flaws for segment in thought),
        kind=kind,
    )


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When to stop. Which fields count depends on ``kind``.

    level                stop at the first answer: ``first`` is the level
    agree                stop when ``agreeing`` answers in a row commit to the same
    confident            stop when the answer's tokens have a mean probability of at least ``confidence``
    agree_or_confident   stop when either holds
    logistic             stop when 1 / (1 + exp(-z)) is at least ``threshold``, z being ``intercept`` and the sum of
                         ``Features.numbers`` times their ``weights``

    The last of ``levels`` is where it stops whatever the rule says.
    """

    kind: RuleKind
    levels: tuple[int, ...]
    """Numbers of ignored stops at which an answer may be asked for, rising."""
    first: int = 0
    """Where the first answer is asked for; one of ``levels``."""
    agreeing: int = 0
    confidence: float = 0.0
    intercept: float = 0.0
    threshold: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.levels or sorted(set(self.levels)) != list(self.levels) or self.levels[0] < 0:
            raise ValueError(
                f"levels of a stopping rule must be different whole numbers from 0 in rising order, not {self.levels}"
            )
        if self.first not in self.levels:
            raise ValueError(f"first must be one of the rule's levels, not {self.first}")
        if "agree" in self.kind and self.agreeing < 1:
            raise ValueError(f"agreeing must be at least 1, not {self.agreeing}")
        if "confident" in self.kind and not 0 < self.confidence <= 1:
            raise ValueError(f"confidence must be above 0 and at most 1, not {self.confidence}")
        if self.kind == "logistic" and not (self.weights and 0 < self.threshold < 1):
            raise ValueError("a logistic rule needs weights and a threshold between 0 and 1")
        numbers = (self.intercept, self.threshold, self.confidence, *self.weights.values())
        if not all(map(math.isfinite, numbers)):
            raise ValueError("the numbers of a stopping rule must be finite")

    @property
    def asked_at(self) -> tuple[int, ...]:
        """The levels at which an answer is asked for, as far as the chain goes on."""
        return tuple(level for level in self.levels if level >= self.first)

    def stops(self, features: Features) -> bool:
        """Whether to commit to the present answer instead of ignoring this stop as well."""
        if self.kind == "level" or features.ignored >= self.levels[-1]:
            return True
        # Where the engine gives no probability, thinking goes on.
        is_confident = features.confidence is not None and features.confidence >= self.confidence
        does_agree = features.agreeing >= self.agreeing
        if self.kind == "logistic":
            return features.agreeing > 0 and self.probability(features) >= self.threshold
        return {
            "agree": does_agree,
            "confident": is_confident and features.agreeing > 0,
            "agree_or_confident": does_agree or (is_confident and features.agreeing > 0),
        }[self.kind]

    def probability(self, features: Features) -> float:
        """What a logistic rule gives the present answer: near 1, more thinking is not worth it."""
        numbers = features.numbers()
        z = self.intercept + sum(weight * numbers.get(name, 0.0) for name, weight in self.weights.items())
        # Written for either sign, so that exp never overflows.
        return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))

    def words(self) -> str:
        """The rule in plain words."""
        stops = "stop" if self.first == 1 else "stops"
        start = f", asking from {self.first} ignored {stops} on" if self.first and self.kind != "level" else ""
        agree = f"{self.agreeing} answers in a row agree"
        confident = f"the answer has a probability of {self.confidence:g} or more"
        return {
            "level": f"always ignore {self.first} stop{'s' * (self.first != 1)}",
            "agree": f"stop when {agree}{start}",
            "confident": f"stop when {confident}{start}",
            "agree_or_confident": f"stop when {agree} or {confident}{start}",
            "logistic": f"stop when the logistic score reaches {self.threshold:g}{start}",
        }[self.kind]
