"""Show a run while it runs: problems done, accuracy so far, speed, time left."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from s1m.evaluate.store import Standing
from s1m.types import Problem, Record

PLAIN_EVERY_SECONDS = 10
"""Between lines when the output is a file or a log."""


class RunProgress:
    """A live line on a terminal, a line every few seconds elsewhere. Use as a context manager."""

    def __init__(self, console: Console, *, total: int, standing: Standing) -> None:
        self._console = console
        self._total = total
        self._standing = standing
        self._before = standing.recorded
        self._failures = 0
        self._tokens = 0
        self._started = self._printed = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("problems", total=total, completed=self._standing.recorded, state="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()

    def landed(self, record: Record) -> None:
        """A problem was recorded, and counted in the standing."""
        self._tokens += record.trace.generated_tokens
        self._show()

    def failed(self, problem: Problem, error: Exception) -> None:
        """A problem failed; the first few say why."""
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
            left = (
                (now - self._started)
                / max(1, self._standing.recorded - self._before)
                * (self._total - self._standing.recorded)
            )
            self._console.print(
                f"{self._standing.recorded}/{self._total} problems, {state}, about {left:.0f} s left", highlight=False
            )

    def _state(self) -> str:
        seconds = max(1e-9, time.monotonic() - self._started)
        right = (self._standing.right_first, self._standing.right_last)
        accuracy = [f"{100 * count / max(1, self._standing.recorded):.1f}" for count in right]
        state = f"accuracy {accuracy[0]} -> {accuracy[1]} %, {self._tokens / seconds:.0f} tokens/s"
        return state + (f", {self._failures} failed" if self._failures else "")
