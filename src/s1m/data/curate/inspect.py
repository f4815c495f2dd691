"""Inspecting one row: what it holds, and which filter leaves it out, if any does.

Nothing here depends on another row, so rows can be inspected anywhere and in any order, with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from s1m.data.contamination import ContaminationIndex
from s1m.data.curate.filters import Filter
from s1m.data.curate.filters.answers import Solved, TooEasy, WrongAnswer
from s1m.data.curate.filters.thinking import Language, Leaks, Loops, Thinking
from s1m.data.curate.settings import CurateSettings
from s1m.data.curate.signature import signature
from s1m.data.trace_row import TraceRow, trace_row
from s1m.datasets.example import Unusable
from s1m.datasets.sources import Examples
from s1m.datasets.tokens import TokenCounter
from s1m.errors import DataError

UNREADABLE = "format"
"""The filter of rows that cannot be read; it is always on."""
CHANGED = "the data has changed since; choose another --out"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What inspection found in one row. ``filter`` is the one that leaves it out, empty where none does."""

    number: int
    id: str = ""
    filter: str = ""
    reason: str = ""
    tokens: int = 0
    domain: str = ""
    signature: bytes = b""
    """Of question and images. See ``s1m.data.curate.signature``."""
    images: int = 0


@dataclass(frozen=True, kw_only=True)
class Contamination:
    """Leaves out rows that a benchmark holds. The index is read once a process."""

    index: Path

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        match = _index(self.index).check(row.prompt.replace("<image>", " "), row.images)
        return f"{match.kind}: {match.benchmark} {match.problem}, {match.detail}" if match else None


@cache
def _index(path: Path) -> ContaminationIndex:
    return ContaminationIndex.load(path)


@dataclass(frozen=True, kw_only=True)
class Inspector:
    """Inspects rows, here or in another process."""

    examples: Examples
    filters: tuple[tuple[str, Filter], ...]
    settings: CurateSettings

    def __call__(self, numbers: Sequence[int]) -> list[Finding]:
        """The finding of each of some rows."""
        return [self.look(number) for number in numbers]

    def look(self, number: int) -> Finding:
        """The finding of a row."""
        try:
            row = trace_row(self.examples[number], self.settings.delimiters)
        except Unusable as error:
            return Finding(number=number, filter=UNREADABLE, reason=str(error))
        try:
            signed = signature(row.prompt, row.images)
        except DataError:
            return Finding(number=number, filter=UNREADABLE, reason="image unreadable")
        for name, one in self.filters:
            if reason := one.refuses(row):
                return Finding(number=number, id=row.id, filter=name, reason=reason)
        return Finding(
            number=number,
            id=row.id,
            tokens=TokenCounter(self.settings.tokenizer)(row.response),
            domain=row.origin.get("domain", ""),
            signature=signed,
            images=len(row.images),
        )

    def again(self, finding: Finding) -> TraceRow:
        """The row of a finding. Raises ``DataError`` when the source has another row there now."""
        try:
            row = trace_row(self.examples[finding.number], self.settings.delimiters)
        except Unusable:
            row = None
        if row is None or row.id != finding.id:
            location = self.examples.location(finding.number)
            raise DataError(f"{location} is not the row that was inspected: {CHANGED}")
        return row


def row_filters(
    settings: CurateSettings, index: Path, solved: dict[str, dict[str, Solved]]
) -> tuple[tuple[str, Filter], ...]:
    """The filters of the settings that look at one row alone, with their names, in their order."""
    delimiters = settings.delimiters
    available: dict[str, Filter] = {
        "thinking": Thinking(delimiters=delimiters),
        "loops": Loops(),
        "language": Language(scripts=settings.scripts),
        "leaks": Leaks(delimiters=delimiters),
        "answer": WrongAnswer(delimiters=delimiters, verified=settings.verified),
        "easy": TooEasy(solved=solved, most=settings.solved_share),
        "contamination": Contamination(index=index),
    }
    return tuple((name, one) for name, one in available.items() if name in settings.filters)
