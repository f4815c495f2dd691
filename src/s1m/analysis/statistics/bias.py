"""Whether a model's answers are distributed as the right ones are: by answer, and by whether the prompt names them.

A model may favour an answer (the letter A, "yes") or avoid one. A repetition penalty makes it avoid what the prompt
contains, since it counts the prompt's tokens: the example in "an integer, e.g., 1, 2, 3" is then hardly ever answered.

The test is paired by problem: of the problems where just one of gold answer and prediction is the answer in question,
either is as likely under no bias (McNemar's exact test), adjusted for all answers that are tested.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from s1m.analysis.statistics.intervals import holm, mcnemar_p

LEAST_GOLD = 10
"""An answer that is right, or given, less often than this is not tested."""

DIFFERS = 0.05
"""Adjusted p-value below which a bias is named."""

_KINDS = (
    ("yes or no", re.compile(r"yes|no", re.IGNORECASE)),
    ("letter", re.compile(r"[A-Z]")),
    ("digit", re.compile(r"\d")),
)
"""Kinds of answers of which there are few enough to count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A problem with its prompt: the gold answer, and what the model's answer commits to, None for nothing."""

    prompt: str
    gold: str
    prediction: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Bias:
    """How often an answer is right and how often it is given, over ``problems`` problems."""

    kind: str
    """letter, digit, yes or no; or "named in the prompt", any short answer that the prompt contains."""
    answer: str
    """Empty for "named in the prompt"."""
    problems: int
    gold: int
    predicted: int
    p: float
    holm_p: float


def biases(answered: Iterable[Answered]) -> tuple[Bias, ...]:
    """A test for every answer that is common, and one for answers that the prompt names; those that differ first."""
    rows = list(answered)
    tests = [test for kind, pattern in _KINDS for test in _by_answer(rows, kind, pattern)]
    if named := _named(rows):
        tests.append(named)
    adjusted = holm([test.p for test in tests])
    tests = [replace(test, holm_p=p) for test, p in zip(tests, adjusted, strict=True)]
    return tuple(sorted(tests, key=lambda test: test.holm_p))


def _by_answer(rows: list[Answered], kind: str, pattern: re.Pattern[str]) -> list[Bias]:
    """The tests of one kind, over the problems whose gold answer is of it."""
    of_kind = [row for row in rows if pattern.fullmatch(row.gold.strip())]
    gold = Counter(row.gold.strip().lower() for row in of_kind)
    predicted = Counter((row.prediction or "").strip().lower() for row in of_kind)
    shown = {row.gold.strip().lower(): row.gold.strip() for row in of_kind}
    return [
        _test(
            kind,
            shown[answer],
            [(row.gold.strip().lower() == answer, (row.prediction or "").strip().lower() == answer) for row in of_kind],
        )
        for answer in gold
        if max(gold[answer], predicted[answer]) >= LEAST_GOLD
    ]


def _named(rows: list[Answered]) -> Bias | None:
    """Whether answers that the prompt names are given as often as they are right: numbers, whose places are plain."""
    numbers = [row for row in rows if re.fullmatch(r"\d{1,4}", row.gold.strip())]
    pairs = [(names(row.prompt, row.gold), names(row.prompt, row.prediction)) for row in numbers]
    if sum(gold for gold, _ in pairs) < LEAST_GOLD:
        return None
    return _test("named in the prompt", "", pairs)


def names(prompt: str, answer: str | None) -> bool:
    """Whether a prompt contains a number as a number of its own."""
    return answer is not None and re.search(rf"(?<![\d.]){re.escape(answer.strip())}(?![\d]|\.\d)", prompt) is not None


def _test(kind: str, answer: str, pairs: list[tuple[bool, bool]]) -> Bias:
    p = mcnemar_p(sum(given and not gold for gold, given in pairs), sum(gold and not given for gold, given in pairs))
    return Bias(
        kind=kind,
        answer=answer,
        problems=len(pairs),
        gold=sum(gold for gold, _ in pairs),
        predicted=sum(given for _, given in pairs),
        p=p,
        holm_p=p,
    )


def beyond_chance(answered: Iterable[Answered]) -> tuple[Bias, ...]:
    """The biases with an adjusted p-value below ``DIFFERS``, the clearest first."""
    return tuple(test for test in biases(answered) if test.holm_p < DIFFERS)


def bias_sentences(tests: Iterable[Bias]) -> list[str]:
    """Biases in plain words."""
    sentences = []
    for test in tests:
        counts = f"right {test.gold:,} times, given {test.predicted:,} times, of {test.problems:,}"
        verb = "avoids" if test.predicted < test.gold else "favours"
        if test.answer:
            what = test.answer if test.kind == "yes or no" else f"the {test.kind} {test.answer}"
            sentences.append(f"The model {verb} {what} ({counts}).")
        else:
            why = "; a repetition penalty does this" if verb == "avoids" else ""
            sentences.append(f"The model {verb} numbers that the prompt names ({counts}{why}).")
    return sentences
