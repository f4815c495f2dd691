"""Filters on the answer: that it is right, and that it is not right for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from s1m.data.trace_row import TraceRow
from s1m.families import Delimiters
from s1m.scoring.strict import KINDS, by_kind
from s1m.types import Problem


@dataclass(frozen=True, kw_only=True)
class WrongAnswer:
    """Leaves out responses whose answer is not that of the column ``answer``, by the strict rules of ``answer_type``.

    Without an answer to compare with a row passes, unless only ``verified`` ones are wanted.
    """

    delimiters: Delimiters
    verified: bool

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        gold = row.origin.get("answer", "")
        if not gold:
            return "no answer to compare with" if self.verified else None
        kind = row.origin.get("answer_type", "expression")
        if kind not in KINDS:
            return f"unknown answer_type: {kind!r}, not one of {', '.join(KINDS)}"
        problem = Problem(id="", question=row.prompt, images=(), gold=gold, choices=(), metadata={})
        verdict = by_kind(row.answer(self.delimiters), problem, kind)
        if verdict.correct:
            return None
        return (
            "answers nothing" if verdict.prediction is None else f"wrong answer: {verdict.prediction!r}, not {gold!r}"
        )


@dataclass(frozen=True, kw_only=True)
class Solved:
    """Of the attempts of a small model at a problem, how many were right."""

    right: int
    of: int


@dataclass(frozen=True, kw_only=True)
class TooEasy:
    """Leaves out problems that small models solve: in more than the share ``most`` of the attempts of any of them.

    ``solved`` holds the attempts of every model by the row's ``problem``. s1 leaves out what either of two models
    solves once (N. Muennighoff et al., arXiv 2501.19393, section 2.1); that is ``most`` 0.
    """

    solved: Mapping[str, Mapping[str, Solved]]
    most: float

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        problem = row.origin.get("problem", "")
        for model, attempts in self.solved.items():
            found = attempts.get(problem)
            if found and found.right > self.most * found.of:
                return f"too easy: {model} solves it {found.right} of {found.of} times"
        return None
