"""What is kept: verdicts, what was charged, the record of a problem; and the protocol of a benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from s1m.types.problems import Problem
from s1m.types.traces import Trace


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether one answer is right, by the benchmark's own scorer and by strict rules.

    ``correct`` is the strict verdict: ``prediction`` is what the answer commits to, None when that is nothing, and
    ``rule`` names how it was found. ``official`` is the verdict of the benchmark's own scorer, guesses included; None
    where the benchmark has no scorer of its own or it was not run. ``judged``: the rules found nothing and a language
    model extracted what the answer commits to, so the verdict depends on it.
    """

    prediction: str | None
    correct: bool
    rule: str
    official: bool | None = None
    judged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What one problem was charged for, over all its requests whose reply was used."""

    requests: int = 0
    prompt_tokens: int | None = 0
    """None when the server left them out of any reply."""
    cached_tokens: int = 0
    """Of the prompt tokens, those that were read from the server's cache."""
    output_tokens: int = 0
    images: int = 0
    """Images sent, once for every request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Money, in the currency of the price table."""

    amount: float | None
    """None where the prompt tokens are unknown."""
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One line of a run: a problem, its trace and a verdict for every answer.

    ``key`` is a content hash of the problem and the settings; ``started`` is in seconds since 1970.
    """

    key: str
    id: str
    question: str
    gold: str
    metadata: Mapping[str, str]
    trace: Trace
    verdicts: tuple[Verdict, ...]
    """One for every answer of the trace."""
    sample_verdicts: tuple[Verdict, ...] = ()
    """One for every sample of the trace."""
    started: float
    seconds: float
    usage: Usage | None = None
    cost: Cost | None = None
    """At the prices that the run was given; None without any."""
    first_token: float | None = None
    """Seconds from the first request to the first text of its reply; None where the engine streams none."""
    sample: int = 0
    """Which of the problem's samples this is: with several, each is a trace of its own."""


class Benchmark(Protocol):
    """A set of problems and the way their answers are judged."""

    name: str
    title: str
    splits: tuple[str, ...]
    """The first is the default."""
    licence: str
    source: str
    breakdowns: tuple[str, ...]
    """Keys of a problem's metadata by which results are broken down; several values are joined with "; "."""

    def load(self, *, split: str, limit: int | None, data: str | None) -> Sequence[Problem]:
        """The problems of a split, in a fixed order. Raises ``DataError`` when they cannot be read."""
        ...

    def score(self, problem: Problem, answer: str, extraction: str | None = None) -> Verdict:
        """The verdict on one answer text.

        ``extraction`` is what the official extractor (often a language model) made of the answer, where that is
        recorded; the official verdict then depends on it, the strict one never does.
        """
        ...
