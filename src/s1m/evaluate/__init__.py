"""Run a benchmark with an engine: plan, run what is pending, record, resume."""
