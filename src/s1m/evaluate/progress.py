"""Show a run while it runs: problems done, accuracy so far, speed, time left."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from s1m.evaluate.pace import Pace
from s1m.evaluate.store import Standing
from s1m.types import Problem, Record

PLAIN_EVERY_SECONDS = 10
"""Between lines when the output is a file or a log."""


class RunProgress:
    """A live line on a terminal, a line every few seconds elsewhere. Use as a context manager.

    ``at_once`` is how many problems are in flight at a time.
    """

    def __init__(self, console: Console, *, total: int, standing: Standing, at_once: int = 1) -> None:
        self._console = console
        self._total = total
        self._standing = standing
        self._failures = 0
        self._pace = Pace(pending=total - standing.recorded, at_once=at_once)
        self._printed = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("problems", total=total, completed=self._standing.recorded, state="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def started(self) -> None:
        """The engine is ready: what it takes from now on is the problems' time, and not that of loading a model."""
        self._pace.start()

    def landed(self, record: Record) -> None:
        """A problem was recorded, and counted in the standing."""
        self._pace.count(record.trace.generated_tokens)
        self._show()

    def failed(self, problem: Problem, error: Exception) -> None:
        """A problem failed; the first few say why."""
        self._pace.count()
        self._failures += 1
        if self._failures <= 3:
            self._console.print(f"{problem.id} failed: {error}", style="yellow", markup=False, highlight=False)
        elif self._failures == 4:
            self._console.print("more failures: see failures.jsonl", style="yellow")
        self._show()

    def _show(self) -> None:
        state = self._state()
        self._bar.update(self._task, completed=self._standing.recorded, state=state)
        now = time.monotonic()
        if self._bar.disable and (now - self._printed >= PLAIN_EVERY_SECONDS or self._standing.recorded == self._total):
            self._printed = now
            self._console.print(f"{self._standing.recorded}/{self._total} problems, {state}", highlight=False)

    def _state(self) -> str:
        right = (self._standing.right_first, self._standing.right_last)
        accuracy = [f"{100 * count / max(1, self._standing.recorded):.1f}" for count in right]
        state = f"accuracy {accuracy[0]} -> {accuracy[1]} %, {self._pace.tokens_per_second:.0f} tokens/s"
        left = self._pace.seconds_left
        failed = f", {self._failures} failed" if self._failures else ""
        return f"{state}{failed}" + (f", about {left:.0f} s left" if left else "")
