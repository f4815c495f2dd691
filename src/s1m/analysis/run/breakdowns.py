"""A run broken down by its benchmark: by a problem's metadata, such as subject, and by measures over groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from s1m.analysis.run.summary import GroupSummary, MeasureSummary, PartSummary
from s1m.analysis.statistics.intervals import wilson_interval
from s1m.benchmarks import Measured
from s1m.types import Benchmark, Record


def parts_of_problem(metadata: Mapping[str, str], keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The parts to which a problem belongs, as key and value; a key with several values gives several parts."""
    return ((key, value) for key in keys for value in metadata.get(key, "").split("; ") if value)


def summarize_parts(records: Sequence[Record], keys: Sequence[str]) -> tuple[PartSummary, ...]:
    """Accuracy at the first and last level of every part, in the order of ``keys``, then by value."""
    by_part: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        for part in parts_of_problem(record.metadata, keys):
            by_part.setdefault(part, []).append(record)
    rank = {key: index for index, key in enumerate(keys)}
    ordered = sorted(by_part, key=lambda part: (rank[part[0]], part[1]))
    return tuple(_summarize_part(key, value, by_part[key, value]) for key, value in ordered)


def _summarize_part(key: str, value: str, records: Sequence[Record]) -> PartSummary:
    last = sum(record.verdicts[-1].correct for record in records)
    return PartSummary(
        key=key,
        value=value,
        problems=len(records),
        first_accuracy=sum(record.verdicts[0].correct for record in records) / len(records),
        last_accuracy=last / len(records),
        last_accuracy_ci95=wilson_interval(last, len(records)),
        judged=sum(record.verdicts[0].judged or record.verdicts[-1].judged for record in records),
    )


def summarize_groups(records: Sequence[Record], benchmark: Benchmark | None) -> GroupSummary | None:
    """The benchmark's measures by strict verdicts; None without records and for a benchmark that publishes none."""
    if not records or not isinstance(benchmark, Measured):
        return None
    first, last = (
        benchmark.measures([(record.metadata, record.verdicts[level].correct) for record in records])
        for level in (0, -1)
    )
    return GroupSummary(
        groups=first.groups,
        incomplete=first.incomplete,
        values=tuple(
            MeasureSummary(name=name, first=first.shares[name], last=last.shares[name]) for name in first.shares
        ),
    )
