"""The filters of ``s1m data curate``, one small class each.

A filter gives the reason for which a row is left out, in a few words that can be counted, with a detail after a colon
where there is one. A file of this folder holds the classes whose ``name`` can be among ``filters``: adding a filter is
adding a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from s1m.data.trace_row import TraceRow
from s1m.extensions import Extensions

if TYPE_CHECKING:
    from rich.console import Console

    from s1m.data.curate.filter_settings import FilterSettings
    from s1m.data.curate.finding import Finding
    from s1m.datasets.sources import Examples

FILTERS = Extensions(noun="filter", folder=__name__, group="s1m.filters", needs=("looks_at", "order", "build"))


class Filter:
    """A filter that lets everything pass: subclass it, name it, and write ``refuses`` or ``refuses_among``."""

    name: ClassVar[str]
    looks_at: ClassVar[Literal["row", "rows"]] = "row"
    """row: it judges a row alone, in any process; rows: it judges all rows that passed those before it, at the end."""
    order: ClassVar[int] = 60
    """Filters are asked in rising order: cheap ones first, then those that need an index, then those for all rows."""
    own_settings: ClassVar[tuple[str, ...]] = ()
    """Settings that only this filter reads: giving one without the filter is a mistake."""
    needs: ClassVar[str] = ""
    """A setting without which the filter cannot work."""
    needs_help: ClassVar[str] = ""
    """What to do about it."""

    @classmethod
    def prepare(cls, settings: FilterSettings, examples: Examples, folder: Path, console: Console) -> None:
        """Put what the filter needs into the folder of the curation, once, before any row is looked at."""

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        """The filter as the settings ask for it."""
        return cls()

    def refuses(self, row: TraceRow) -> str | None:  # noqa: ARG002
        """Why a row is left out, or None."""
        return None

    def refuses_among(self, findings: Sequence[Finding]) -> dict[int, str]:  # noqa: ARG002
        """Which of all these rows are left out: the reasons by the rows' numbers."""
        return {}


def in_order(names: Iterable[str]) -> list[type[Filter]]:
    """The filters of these names in the order in which they are asked. Raises ``UsageError`` for an unknown name."""
    kinds: list[type[Filter]] = [FILTERS.find(name) for name in dict.fromkeys(names)]
    return sorted(kinds, key=lambda kind: (kind.order, kind.name))


def default_filters() -> tuple[str, ...]:
    """The names of all filters that come with s1m, in their order."""
    return tuple(kind.name for kind in in_order(FILTERS.built_in()))
