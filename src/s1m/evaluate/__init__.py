"""Run a benchmark with an engine: plan, run what is owed, record, resume."""

from s1m.evaluate.runner import Runner
from s1m.evaluate.store import Run, RunStore, load_run

__all__ = ["Run", "RunStore", "Runner", "load_run"]
