"""The benchmarks, one page each: rows become problems, answers become verdicts.

A file of this folder holds the classes whose ``name`` can follow ``s1m eval``: adding a benchmark is adding a file.
"""

from __future__ import annotations

from functools import cache

from s1m.benchmarks.measured import Measured, Measures
from s1m.benchmarks.page import Page
from s1m.benchmarks.reading.files import cached
from s1m.errors import UsageError
from s1m.extensions import Extensions

EXTENSIONS = Extensions(
    noun="benchmark",
    folder=__name__,
    group="s1m.benchmarks",
    needs=("title", "splits", "licence", "source", "breakdowns", "load", "score"),
)

BENCHMARKS: dict[str, Page] = {name: page() for name, page in EXTENSIONS.built_in().items()}
"""Those that come with s1m."""


@cache
def find_benchmark(name: str) -> Page:
    """The benchmark called ``name``: built in, of an installed package, or written ``module:Class``.

    Raises ``UsageError`` with the nearest name when there is none.
    """
    if name in BENCHMARKS:
        return BENCHMARKS[name]
    page: Page = EXTENSIONS.find(name)()
    return page


def benchmark_of_run(name: object) -> Page | None:
    """The benchmark that a run names, or None where its package is not installed here.

    The records of such a run can still be read.
    """
    try:
        return find_benchmark(str(name))
    except UsageError:
        return None


def listed() -> list[Page]:
    """Every benchmark that can be named: built in first, then those of installed packages."""
    return [find_benchmark(name) for name in EXTENSIONS.names()]


def where_is_data(page: Page) -> str:
    """Whether a benchmark's data is at hand: bundled, given by the user, in the Hub's cache, or not yet."""
    data_from = getattr(page, "data_from", "hub")  # most are at the Hub
    if data_from == "bundled":
        return "bundled"
    if data_from == "file":
        return "--data FILE"
    return "in the Hub's cache" if cached(page.source) else "not here: downloaded when used, or --data"


__all__ = [
    "BENCHMARKS",
    "Measured",
    "Measures",
    "Page",
    "benchmark_of_run",
    "find_benchmark",
    "listed",
    "where_is_data",
]
