"""The filters that judge all rows at once, when every row has been looked at: duplicates, then the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from s1m.data.curate.filters import Filter

if TYPE_CHECKING:
    from s1m.data.curate.filter_settings import FilterSettings
    from s1m.data.curate.finding import Finding


@dataclass(frozen=True, kw_only=True)
class Duplicates(Filter):
    """Leaves out rows whose question is asked by enough longer rows, and copies of rows."""

    name: ClassVar[str] = "duplicates"
    looks_at: ClassVar[Literal["row", "rows"]] = "rows"
    order: ClassVar[int] = 80
    own_settings: ClassVar[tuple[str, ...]] = ("per_question",)

    per_question: int

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(per_question=settings.per_question)

    def refuses_among(self, findings: Sequence[Finding]) -> dict[int, str]:
        from s1m.data.curate.choose import duplicates

        return duplicates(findings, self.per_question)


@dataclass(frozen=True, kw_only=True)
class Choice(Filter):
    """Leaves out rows that are beyond a quota, or not among the ``keep`` that are wanted."""

    name: ClassVar[str] = "choice"
    looks_at: ClassVar[Literal["row", "rows"]] = "rows"
    order: ClassVar[int] = 90
    own_settings: ClassVar[tuple[str, ...]] = ("keep", "quotas")

    settings: FilterSettings

    @classmethod
    def build(cls, settings: FilterSettings, folder: Path) -> Self:  # noqa: ARG003
        return cls(settings=settings)

    def refuses_among(self, findings: Sequence[Finding]) -> dict[int, str]:
        from s1m.data.curate.choose import beyond_choice

        return beyond_choice(findings, self.settings)
