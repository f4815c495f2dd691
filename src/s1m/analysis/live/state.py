"""How a run stands, as the live page shows it: plain JSON values, small whatever the size of the run."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock
from typing import Any

from s1m.analysis.statistics.intervals import wilson_interval
from s1m.evaluate.pace import Pace
from s1m.evaluate.settings import EvalSettings
from s1m.evaluate.store import read_records
from s1m.types import Problem, Record

SHOWN_FAILURES = 20
"""The last ones; all of them are in failures.jsonl."""
MOST_CHARACTERS = 400
"""Of a failure's message."""


@dataclass
class _Level:
    right: int = 0
    thinking_tokens: int = 0


class LiveState:
    """Counts what a run records. The run's thread writes, the server's threads read."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._about: dict[str, Any] = {}
        self._levels: dict[int, _Level] = {}
        self._recorded = 0
        self._failed = 0
        self._failures: deque[dict[str, str]] = deque(maxlen=SHOWN_FAILURES)
        self._total = 0
        self._samples = 1
        self._pace: Pace | None = None
        self._ended = ""

    def begin(self, settings: EvalSettings, *, total: int, at_once: int) -> None:
        """A run is planned, anew or resumed: what its folder has recorded already counts."""
        with self._lock:
            for record in read_records(settings.run_folder):
                self._count(record)
            self._total, self._samples = total, settings.samples
            self._about = {
                "benchmark": settings.problems.benchmark,
                "split": settings.problems.split,
                "engine": settings.engine.engine,
                "model": settings.engine.model,
                "strategy": settings.strategy.strategy,
                "samples": settings.samples,
                "axis": settings.build_strategy().axis,
                "folder": str(settings.run_folder),
            }
            self._pace = Pace(pending=total - self._recorded, at_once=at_once)

    def started(self) -> None:
        """The pending problems are under way."""
        with self._lock:
            if self._pace:
                self._pace.start()

    def landed(self, record: Record) -> None:
        """A problem was recorded."""
        with self._lock:
            self._count(record)
            if self._pace:
                self._pace.count(record.trace.generated_tokens)

    def failed(self, problem: Problem, error: Exception) -> None:
        """A problem failed and stays pending."""
        with self._lock:
            self._failed += 1
            self._failures.appendleft({"id": problem.id, "error": str(error)[:MOST_CHARACTERS]})
            if self._pace:
                self._pace.count()

    def end(self, how: str) -> None:
        """The run has ended: ``done``, ``failed`` or ``interrupted``."""
        with self._lock:
            self._ended = how

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to come."""
        return bool(self._ended)

    def as_json(self) -> dict[str, Any]:
        """Everything that the page shows."""
        with self._lock:
            pace = self._pace
            left = pace.seconds_left if pace else None
            return {
                **self._about,
                "total": self._total,
                "recorded": self._recorded,
                "failed": self._failed,
                "failures": list(self._failures),
                "levels": [self._level(level) for level in sorted(self._levels)],
                "seconds": round(pace.seconds, 1) if pace else 0.0,
                "seconds_left": None if left is None else round(left, 1),
                "tokens": pace.tokens if pace else 0,
                "tokens_per_second": round(pace.tokens_per_second, 1) if pace else 0.0,
                "ended": self._ended,
            }

    def _count(self, record: Record) -> None:
        self._recorded += 1
        for answer, verdict in zip(record.trace.answers, record.verdicts, strict=True):
            level = self._levels.setdefault(answer.level, _Level())
            level.right += verdict.correct
            level.thinking_tokens += record.trace.thinking_tokens(answer)

    def _level(self, level: int) -> dict[str, float]:
        counted = self._levels[level]
        accuracy = counted.right / self._recorded
        # Samples of one problem are alike: an interval that took each for a trial of its own would be too narrow.
        trials = min(self._recorded, max(1, self._total // self._samples))
        interval = wilson_interval(accuracy * trials, trials)
        return {
            "level": level,
            "accuracy": accuracy,
            "low": interval.low,
            "high": interval.high,
            "thinking_tokens": counted.thinking_tokens / self._recorded,
        }
