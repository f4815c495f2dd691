"""What the pairs of a folder are: how many for each reason, and how long the chosen and the rejected responses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from s1m.data.preference.match import Match
from s1m.data.preference.settings import REASONS


@dataclass(frozen=True, kw_only=True)
class Part:
    """The pairs of one reason; lengths are medians in tokens."""

    reason: str
    pairs: int
    chosen: float
    rejected: float
    same_chain: int
    """Pairs whose responses are of one chain: alike up to where it was repaired."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All pairs; the last part is of all of them together."""

    problems: int
    pairs: int
    parts: tuple[Part, ...]
    tokens: str
    """How they were counted."""

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def summary_of(pairs: Iterable[Sequence[Match]], tokens: str) -> Summary:
    """The summary of the pairs of some problems."""
    by_problem = list(pairs)
    every = [match for some in by_problem for match in some]
    parts = [_part(reason, [match for match in every if match.reason == reason]) for reason in REASONS]
    return Summary(
        problems=len(by_problem),
        pairs=len(every),
        parts=(*(part for part in parts if part.pairs), _part("all", every)),
        tokens=tokens,
    )


def print_summary(summary: Summary, console: Console) -> None:
    """Print a line for every reason."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("rejected because", overflow="fold")
    for name in ("pairs", "of one chain", "chosen, median tokens", "rejected, median tokens"):
        table.add_column(name, justify="right")
    for part in summary.parts:
        table.add_row(
            part.reason,
            f"{part.pairs:,}",
            f"{part.same_chain:,}",
            f"{part.chosen:,.0f}",
            f"{part.rejected:,.0f}",
            style="bold" if part.reason == "all" else "",
        )
    console.print(table)
    console.print(f"tokens are {summary.tokens}")


def _part(reason: str, pairs: Sequence[Match]) -> Part:
    return Part(
        reason=reason,
        pairs=len(pairs),
        chosen=median([match.chosen.tokens for match in pairs] or [0]),
        rejected=median([match.rejected.tokens for match in pairs] or [0]),
        same_chain=sum(match.chosen.chain == match.rejected.chain for match in pairs),
    )
