"""Filters on the answer: that it is right, and that it is not right for everyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from s1m.data.curate.filters import Filter
from s1m.data.trace_row import TraceRow
from s1m.families import Delimiters
from s1m.scoring.strict import KINDS, by_kind
from s1m.types import Problem

if TYPE_CHECKING:
    from s1m.data.curate.filter_settings import FilterSettings


@dataclass(frozen=True, kw_only=True)
class WrongAnswer(Filter):
    """Leaves out responses whose answer is not that of the column ``answer``, by the strict rules of ``answer_type``.

    Without an answer to compare with a row passes, unless only ``verified`` ones are wanted.
    """

    name: ClassVar[str] = "answer"
    order: ClassVar[int] = 50
    own_settings: ClassVar[tuple[str, ...]] = ("verified",)

    delimiters: Delimiters
    verified: bool

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(delimiters=settings.delimiters, verified=settings.verified)

    def refuses(self, row: TraceRow) -> str | None:
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
class TooEasy(Filter):
    """Leaves out problems that small models solve: in more than the fraction ``most`` of the attempts of any of them.

    ``solved`` holds the attempts of every model by the row's ``problem``. s1 leaves out what either of two models
    solves once (N. Muennighoff et al., arXiv 2501.19393, section 2.1); that is ``most`` 0.
    """

    name: ClassVar[str] = "easy"
    order: ClassVar[int] = 60
    own_settings: ClassVar[tuple[str, ...]] = ("solved_by",)

    solved: Mapping[str, Mapping[str, Solved]]
    most: float

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(solved={run: solved_in(Path(run)) for run in settings.solved_by}, most=settings.solved_share)

    def refuses(self, row: TraceRow) -> str | None:
        problem = row.origin.get("problem", "")
        for model, attempts in self.solved.items():
            tried = attempts.get(problem)
            if tried and tried.right > self.most * tried.of:
                return f"too easy: {model} solves it {tried.right} of {tried.of} times"
        return None


def solved_in(run: Path) -> dict[str, Solved]:
    """The attempts of a run at each of its problems: its samples where it has some, else its answers at every level.

    Raises ``UsageError`` when the folder is not a run.
    """
    from s1m.evaluate.store import load_run

    right: Counter[str] = Counter()
    of: Counter[str] = Counter()
    for record in load_run(run).records:
        verdicts = record.sample_verdicts or record.verdicts
        right[record.id] += sum(verdict.correct for verdict in verdicts)
        of[record.id] += len(verdicts)
    return {problem: Solved(right=right[problem], of=of[problem]) for problem in of}
