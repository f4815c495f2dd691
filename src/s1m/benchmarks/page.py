"""What a benchmark's page says beyond what a run needs, for the list of benchmarks. All of it may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from s1m.types import Benchmark


class Page(Benchmark, Protocol):
    """A benchmark as ``s1m benchmarks`` shows it."""

    sizes: Mapping[str, int]
    """Problems of each split, as published; nothing for a split without end."""
    scoring: str
    """What is scored how, in one line."""


DataFrom = Literal["bundled", "file", "hub"]
"""Where a benchmark's problems are: with its code, in a file that ``--data`` names, or at the Hub. A page that sets no
``data_from`` is at the Hub, under its ``source``."""

UNCONFIRMED = "unconfirmed"
"""Name of an attribute that a page may have: what of its columns, prompt or scorer rests on no published source."""
