"""Having every row looked at: in processes here or on a Ray cluster, the findings kept as they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from s1m.data.curate.inspect import CHANGED, Finding, Inspector
from s1m.errors import DataError
from s1m.files.json_lines import append, open_for_append, read_lines
from s1m.files.progress import counted
from s1m.files.workers import in_chunks, in_order

CHUNK = 64
"""Rows that a process looks at before it reports."""
ALONE = 256
"""So many rows are looked at sooner than other processes have started."""


def look_at_all(inspector: Inspector, path: Path, console: Console) -> list[Finding]:
    """What every row is found to be, in order. Those in the file are not looked at again; new ones are added to it.

    Raises ``DataError`` when the file is damaged, or of other rows than the sources have now.
    """
    findings = list(read_lines(path, Finding))
    _check_same(findings, inspector, path)
    count = len(inspector.examples)
    if findings and len(findings) < count:
        console.print(f"going on: {len(findings):,} of {count:,} rows were looked at before")
    with open_for_append(path) as file, counted(console, "looking at rows", count, done=len(findings)) as advance:
        for found in looked_at(inspector, range(len(findings), count)):
            for finding in found:
                append(file, finding)
            findings += found
            advance(len(found))
    return findings


def _check_same(findings: Sequence[Finding], inspector: Inspector, path: Path) -> None:
    """Raise ``DataError`` unless these are findings of the first rows: each in its place, the last one the same row."""
    for place, finding in enumerate(findings):
        if finding.number != place:
            raise DataError(
                f"{path}, line {place + 1} is of row {finding.number + 1}; remove it and all that follows, and resume"
            )
    if len(findings) > len(inspector.examples):
        raise DataError(f"{path} has {len(findings):,} rows, the sources have {len(inspector.examples):,}: {CHANGED}")
    if last := next((finding for finding in reversed(findings) if finding.id), None):
        inspector.again(last)


def looked_at(inspector: Inspector, numbers: range) -> Iterator[list[Finding]]:
    """What these rows are found to be, chunk by chunk, in order."""
    settings = inspector.settings
    chunks = list(in_chunks(numbers, CHUNK))
    if settings.ray:
        from s1m.data.curate.on_ray import on_ray

        return on_ray(inspector, chunks, settings.ray)
    return in_order(inspector, chunks, settings.workers if len(numbers) > ALONE else 0)
