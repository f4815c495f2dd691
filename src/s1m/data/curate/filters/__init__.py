"""The filters of ``s1m data curate`` that look at one row alone, one small class each.

A filter returns None for a row that it lets pass, and otherwise why not, in a few words that can be counted, with a
detail behind a colon where there is one.
"""

from __future__ import annotations

from typing import Protocol

from s1m.data.trace_row import TraceRow


class Filter(Protocol):
    """Something that finds rows to leave out."""

    def refuses(self, row: TraceRow) -> str | None:
        """Why a row is left out, or None."""
        ...
