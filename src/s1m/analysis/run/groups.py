"""A benchmark's own measures over problems that belong together, at the first and the last level of a run."""

from __future__ import annotations

from collections.abc import Sequence

from s1m.analysis.run.summary import GroupSummary, MeasureSummary
from s1m.benchmarks import Measured
from s1m.types import Benchmark, Record


def measures_of(records: Sequence[Record], benchmark: Benchmark | None) -> GroupSummary | None:
    """The measures by strict verdicts; None without records and for a benchmark that publishes none."""
    if not records or not isinstance(benchmark, Measured):
        return None
    first, last = (
        benchmark.measures([(record.metadata, record.verdicts[place].correct) for record in records])
        for place in (0, -1)
    )
    return GroupSummary(
        groups=first.groups,
        incomplete=first.incomplete,
        values=tuple(
            MeasureSummary(name=name, first=first.shares[name], last=last.shares[name]) for name in first.shares
        ),
    )
