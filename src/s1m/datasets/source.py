"""A source of examples as settings name it: a ``[[data]]`` table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from s1m.errors import UsageError
from s1m.files.settings import Count, settings_from

GENERATED_SETS = ("digits", "longvision")
"""Sources that are generated on the fly. The command line lists them without loading their generators."""
DEFAULT_SEED = 42
"""Seed of generated rows where the settings have none."""
Format = Literal[
    "auto", "s1m", "s1k", "messages", "sharegpt",
    "prompt-completion", "problem-solution", "instruction-output", "question-response", "preference",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source of examples, as a [[data]] table of the settings file."""

    path: str
    """A parquet or JSON lines file, a folder of them, a dataset of the Hub, or a synthetic set: digits, longvision."""
    split: str = "train"
    """Split of a dataset of the Hub."""
    format: Format = "auto"
    """What its rows look like; auto goes by the columns."""
    weight: Annotated[float, Meta(gt=0)] = 1.0
    """How often a row is seen in an epoch, on average: 0.5 is every other row, 2 is twice."""
    rows: Count | None = None
    """Use only the first N rows (none: all); of a synthetic set, generate N."""
    allow_outside: str | None = None
    """Another folder whose images its rows may name by path (empty: only the folder of the file that they stand in)."""


def label_of(path: str) -> str:
    """What a source is called where others read it: a path by its last two parts, anything else as it is."""
    parts = Path(path).parts
    return path if len(parts) < 3 else str(Path(*parts[-2:]))


def sources_from(tables: object, where: str) -> list[Source]:
    """The sources of the ``[[data]]`` tables of a settings file called ``where``.

    Raises ``UsageError`` for a misspelt key, or a value that is not a table.
    """
    if not isinstance(tables, list | tuple) or not all(isinstance(table, Mapping) for table in tables):
        raise UsageError(f"{where}: every source of data is a table of its own: [[data]], in two brackets")
    return [settings_from(Source, table, f"{where}, [[data]] {number}") for number, table in enumerate(tables, start=1)]
