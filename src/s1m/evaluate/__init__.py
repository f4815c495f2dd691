"""Run a benchmark with an engine: plan, run what is owed, record, resume."""
