"""A live line for work whose extent is known: how much is done, and how long the rest takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def counted(console: Console, work: str, total: int, *, done: int = 0) -> Iterator[Callable[[int], None]]:
    """A function to call with how much more has been done. The line is shown on terminals only, and then removed."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(work, total=total, completed=done)
        yield lambda more: progress.advance(task, more)
