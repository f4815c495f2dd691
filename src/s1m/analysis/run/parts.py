"""A run broken down by what its benchmark says of its problems: subject, level, task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from s1m.analysis.run.summary import PartSummary
from s1m.analysis.statistics.intervals import wilson_interval
from s1m.types import Record


def parts_named(metadata: Mapping[str, str], keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The parts that a problem belongs to, as key and value; several values of a key are several parts."""
    return ((key, value) for key in keys for value in metadata.get(key, "").split("; ") if value)


def parts_of(records: Sequence[Record], keys: Sequence[str]) -> tuple[PartSummary, ...]:
    """Accuracy at the first and last level of every part, by key and value; several values of a key count in each."""
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        for part in parts_named(record.metadata, keys):
            found.setdefault(part, []).append(record)
    order = {key: place for place, key in enumerate(keys)}
    return tuple(
        summarize_part(key, value, found[key, value]) for key, value in sorted(found, key=lambda p: (order[p[0]], p[1]))
    )


def summarize_part(key: str, value: str, records: Sequence[Record]) -> PartSummary:
    """One part."""
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
