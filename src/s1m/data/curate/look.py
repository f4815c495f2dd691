"""Inspecting every row: in processes here or on a Ray cluster; each finding is kept as soon as it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from s1m.data.curate.finding import Finding
from s1m.data.curate.inspect import CHANGED, Inspector
from s1m.errors import DataError
from s1m.files.json_lines import append, open_for_append, read_lines
from s1m.files.progress import counted
from s1m.files.workers import in_chunks, in_order

CHUNK = 64
"""Rows that a process inspects before it reports."""
ALONE = 256
"""Up to this many rows are inspected sooner than other processes have started."""


def look_at_all(inspector: Inspector, path: Path, console: Console) -> list[Finding]:
    """The finding of every row, in order. Rows in the file are not inspected again; new findings are appended to it.

    Raises ``DataError`` when the file is damaged, or of other rows than the sources have now.
    """
    findings = list(read_lines(path, Finding))
    _check_same(findings, inspector, path)
    count = len(inspector.examples)
    if findings and len(findings) < count:
        console.print(f"resuming: {len(findings):,} of {count:,} rows are inspected")
    with open_for_append(path) as file, counted(console, "inspecting rows", count, done=len(findings)) as advance:
        for chunk in inspected(inspector, range(len(findings), count)):
            for finding in chunk:
                append(file, finding)
            findings += chunk
            advance(len(chunk))
    return findings


def _check_same(findings: Sequence[Finding], inspector: Inspector, path: Path) -> None:
    """Raise ``DataError`` unless these are findings of the first rows, in order, and the last row is still the same."""
    for index, finding in enumerate(findings):
        if finding.number != index:
            raise DataError(
                f"{path}, line {index + 1} is of row {finding.number + 1}; remove it and all that follows, and resume"
            )
    if len(findings) > len(inspector.examples):
        raise DataError(f"{path} has {len(findings):,} rows, the sources have {len(inspector.examples):,}: {CHANGED}")
    # One row is read again, not all: this finds another or a reordered source, at no cost that grows with it.
    if last := next((finding for finding in reversed(findings) if finding.id), None):
        inspector.again(last)


def inspected(inspector: Inspector, numbers: range) -> Iterator[list[Finding]]:
    """The findings of these rows, chunk by chunk, in order."""
    settings = inspector.settings
    chunks = list(in_chunks(numbers, CHUNK))
    if settings.ray:
        from s1m.data.curate.on_ray import on_ray

        return on_ray(inspector, chunks, settings.ray)
    return in_order(inspector, chunks, settings.workers if len(numbers) > ALONE else 0)
