"""What a benchmark's page says beyond what a run needs: for the list of benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from s1m.types import Benchmark


class Page(Benchmark, Protocol):
    """A benchmark that comes with s1m."""

    sizes: Mapping[str, int]
    """Problems of each split, as published; nothing for a split without end."""
    scoring: str
    """What is scored how, in one line."""
