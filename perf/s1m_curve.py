"""The cost of S1-M's published sweep, and of the same sweep nested and with runaways cut.

The table is read off the figure of https://github.com/PKU-Alignment/s1-m: MathVista testmini, 1,000 questions, a cap of
30,000 tokens. docs/strategies.md explains the arithmetic step by step; the simulation draws questions with the
same numbers and runs them both ways.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt

CAP = 30_000
ANSWER_TOKENS = 10
"""Tokens of an answer, "Final answer: " and what follows it; assumed, because not published."""
COPY_TOKENS = 40
"""Tokens of the passage that a runaway repeats; assumed, because not published."""
COPIES = 3
CHECKED_EVERY = 256
"""Most tokens from the third copy of a loop to its detection."""
QUESTIONS = 50_000


@dataclass(frozen=True, kw_only=True)
class Published:
    """A level of the published figure."""

    ignored: int
    accuracy: float
    mean: float
    std: float
    runaways: float
    """Fraction that never closed its thinking: "invalid EOS"."""

    @property
    def genuine(self) -> float:
        """Mean tokens of the others if every runaway reached the cap: mean = runaways x cap + (1 - runaways) x this."""
        return (self.mean - self.runaways * CAP) / (1 - self.runaways)

    @property
    def std_of_runaways(self) -> float:
        """Deviation of the two values cap and ``genuine``: the runaways' part, as if all others had equal lengths."""
        return sqrt(self.runaways * (1 - self.runaways)) * (CAP - self.genuine)


TABLE = tuple(
    Published(ignored=ignored, accuracy=accuracy, mean=mean, std=std, runaways=runaways)
    for ignored, accuracy, mean, std, runaways in (
        (0, 0.401, 1700, 5640, 0.036),
        (1, 0.425, 2430, 6890, 0.055),
        (2, 0.420, 2590, 6860, 0.057),
        (3, 0.423, 3350, 8010, 0.079),
        (4, 0.441, 3330, 7740, 0.076),
        (5, 0.417, 3560, 7820, 0.081),
        (6, 0.438, 3735, 7950, 0.082),
        (7, 0.438, 4155, 8330, 0.093),
    )
)


def independent() -> float:
    """Tokens per question of eight runs from scratch, with answers as far as the published means include them."""
    return sum(level.mean for level in TABLE)


def nested() -> float:
    """Tokens per question of one chain and eight answers."""
    return TABLE[-1].mean + len(TABLE) * ANSWER_TOKENS


def rescued() -> float:
    """The same with runaways cut: they think like the others, then repeat three copies and until the detection."""
    return TABLE[-1].genuine + TABLE[-1].runaways * cut_after() + len(TABLE) * ANSWER_TOKENS


def cut_after() -> float:
    """Most tokens of a runaway from the start of its repetition."""
    return COPIES * COPY_TOKENS + CHECKED_EVERY


def simulated(seed: int = 0) -> tuple[float, float, float]:
    """Simulated mean tokens per question: independent, nested, nested and rescued; exponential lengths.

    A chain grows like the genuine means. Of the chains that still close, the fraction that runs away at a level is the
    growth of the published fraction, or zero where that falls.
    """
    rng = random.Random(seed)
    lengths = [TABLE[0].genuine, *(after.genuine - before.genuine for before, after in pairwise(TABLE))]
    sums = [0.0, 0.0, 0.0]
    for _ in range(QUESTIONS):
        for level in TABLE:
            runs_away = rng.random() < level.runaways
            sums[0] += CAP if runs_away else rng.expovariate(1 / level.genuine)
        thought, reached = 0.0, 0.0
        for level, length in zip(TABLE, lengths, strict=True):
            hazard = max(0.0, level.runaways - reached) / (1 - reached)
            reached = max(reached, level.runaways)
            thought += rng.expovariate(1 / length)
            if rng.random() < hazard:
                sums[1] += CAP
                sums[2] += thought + cut_after()
                break
        else:
            sums[1] += thought
            sums[2] += thought
    answers = len(TABLE) * ANSWER_TOKENS
    return sums[0] / QUESTIONS, sums[1] / QUESTIONS + answers, sums[2] / QUESTIONS + answers


def main() -> None:
    """Write the published table with what it implies, and the three sweeps."""
    from keep import keep

    rows = [
        (
            level.ignored,
            f"{level.mean:,.0f}",
            f"{level.std:,.0f}",
            f"{100 * level.runaways:.1f}",
            f"{level.runaways * CAP:,.0f}",
            f"{level.genuine:,.0f}",
            f"{level.std_of_runaways:,.0f}",
            f"{100 * (level.std_of_runaways / level.std - 1):+.1f}",
        )
        for level in TABLE
    ]
    drawn = simulated()
    keep(
        "s1m_curve",
        "Cost of S1-M's published sweep",
        (
            *("ignored", "mean", "std", "invalid EOS, %", "of the mean: runaways at the cap", "genuine mean"),
            *("std by runaways alone", "against published, %"),
        ),
        rows,
        [
            f"Independent, as published: {independent():,.0f} tokens per question; drawn: {drawn[0]:,.0f}.",
            f"Nested: {nested():,.0f}, a fraction of {nested() / independent():.3f}; drawn: {drawn[1]:,.0f}.",
            f"Nested, runaways rescued: {rescued():,.0f}, a fraction of {rescued() / independent():.3f}; drawn: "
            f"{drawn[2]:,.0f}.",
            f"Assumed, because not published: {ANSWER_TOKENS} tokens per answer, {COPY_TOKENS} per copy; exponential "
            "lengths.",
        ],
    )


if __name__ == "__main__":
    main()
