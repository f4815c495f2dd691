"""Which answers a judge is asked about, and the verdict that follows from what it copied out."""

from __future__ import annotations

from dataclasses import replace

from s1m.scoring.text.markup import answer_part
from s1m.scoring.text.silence import is_blank, is_failure
from s1m.types import Benchmark, Problem, Verdict

NO_ANSWER_RULES = frozenset({"blank", "unfinished", "failure", "apology", "undecided"})
"""Rules that find no answer because the text holds none: a judge could only invent one."""


def is_asked(verdict: Verdict, text: str) -> bool:
    """Whether a judge is asked about an answer: the rules found nothing in it, though something is said."""
    rule, _ = _parts(verdict.rule)
    return (
        verdict.prediction is None
        and not verdict.judged
        and rule not in NO_ANSWER_RULES
        and not is_failure(text)
        and not is_blank(answer_part(text))
    )


def judged(benchmark: Benchmark, problem: Problem, text: str, verdict: Verdict, extraction: str | None) -> Verdict:
    """The verdict on an answer of which a judge copied out ``extraction``, None for nothing.

    The strict one is that of the extraction, by the same rules. An official verdict stands; where it is missing because
    the official scorer awaits a language model's extraction, it gets this one.
    """
    _, guess = _parts(verdict.rule)
    if extraction is None:
        return replace(verdict, rule=f"judge: none{guess}", judged=True)
    read = benchmark.score(problem, extraction)
    rule, _ = _parts(read.rule)
    official = verdict.official
    if official is None:
        scored = benchmark.score(problem, text, extraction=extraction)
        official = scored.official
        _, guess = _parts(scored.rule)
    return replace(read, rule=f"judge: {rule}{guess}", official=official, judged=True)


def _parts(rule: str) -> tuple[str, str]:
    """A rule, and the remark on the official verdict after it."""
    name, mark, remark = rule.partition(";")
    return name, mark + remark
