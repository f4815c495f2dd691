"""What filters may read of the settings of ``s1m data curate``.

The settings look up the filters that they name, so the filters know the settings by this protocol alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from s1m.families import Delimiters

Choosing = Literal["s1", "longest", "random"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A benchmark to decontaminate against, as a [[target]] table of the settings file."""

    benchmark: str
    """Its name (see: s1m benchmarks), or module:Class."""
    split: str = ""
    """Part of it (empty: its default one)."""
    data: str = ""
    """Local folder with its data, instead of the Hub."""


class FilterSettings(Protocol):
    """The settings that filters are built from. ``CurateSettings`` says what each means."""

    @property
    def delimiters(self) -> Delimiters: ...
    @property
    def target(self) -> tuple[Target, ...]: ...
    @property
    def scripts(self) -> tuple[str, ...]: ...
    @property
    def verified(self) -> bool: ...
    @property
    def solved_by(self) -> tuple[str, ...]: ...
    @property
    def solved_share(self) -> float: ...
    @property
    def keep(self) -> int | None: ...
    @property
    def choice(self) -> Choosing: ...
    @property
    def per_question(self) -> int: ...
    @property
    def quotas(self) -> Mapping[str, int]: ...
    @property
    def seed(self) -> int: ...
