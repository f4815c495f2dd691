"""Whether a question is one of a benchmark's: an index of benchmarks, and a check of one row after another."""

from s1m.data.contamination.index import ContaminationIndex, Match

__all__ = ["ContaminationIndex", "Match"]
