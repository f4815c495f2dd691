"""Inspecting one row: what it holds, and which filter leaves it out, if any does.

Nothing here depends on another row, so rows can be inspected anywhere and in any order, with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from s1m.data.curate.filters import Filter, in_order
from s1m.data.curate.finding import Finding
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
        for name, check in self.filters:
            if reason := check.refuses(row):
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


def row_filters(settings: CurateSettings, folder: Path) -> tuple[tuple[str, Filter], ...]:
    """The filters of the settings that look at one row alone, with their names, in their order."""
    kinds = [kind for kind in in_order(settings.filters) if kind.looks_at == "row"]
    return tuple((kind.name, kind.build(settings, folder)) for kind in kinds)
