"""A live line for work whose extent is known: how much is done, and how long the rest takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 30.0
"""Where there is no terminal: in the log of a batch job, seldom enough not to fill it."""


@contextmanager
def counted(console: Console, work: str, total: int, *, done: int = 0) -> Iterator[Callable[[int], None]]:
    """A function to call with how much more has been done.

    On a terminal a line lives as long as the work; elsewhere a line of its own is written from time to time.
    """
    if not console.is_terminal:
        yield _lines(console, work, total, done)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(work, total=total, completed=done)
        yield lambda more: progress.advance(task, more)


def _lines(console: Console, work: str, total: int, done: int) -> Callable[[int], None]:
    written = time.monotonic()

    def advance(more: int) -> None:
        nonlocal done, written
        done += more
        if time.monotonic() - written >= SECONDS_BETWEEN_LINES:
            written = time.monotonic()
            console.print(f"{work}: {min(done, total):,} of {total:,}", markup=False)

    return advance
