"""What a run is done with where its settings leave the choice to the model at hand, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Settings = TypeVar("Settings")


@dataclass(frozen=True, kw_only=True)
class Chosen(Generic[Settings]):
    """Settings in which everything is chosen."""

    settings: Settings
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Where a choice is from, in a few words; kept with the provenance of the run."""
    notices: tuple[str, ...] = ()
    """What is said of it when the run starts."""
