"""The benchmarks, one page each: rows become problems, answers become verdicts."""

from __future__ import annotations

from s1m.benchmarks.digits import Digits
from s1m.errors import UsageError, did_you_mean
from s1m.types import Benchmark

BENCHMARKS: dict[str, Benchmark] = {benchmark.name: benchmark for benchmark in (Digits(),)}


def find_benchmark(name: str) -> Benchmark:
    """The benchmark called ``name``. Raises ``UsageError`` with the nearest name when there is none."""
    if name not in BENCHMARKS:
        raise UsageError(f"there is no benchmark {name!r}{did_you_mean(name, BENCHMARKS)}; see: s1m benchmarks")
    return BENCHMARKS[name]


__all__ = ["BENCHMARKS", "find_benchmark"]
