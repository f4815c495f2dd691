"""Visual problems whose solutions are long by nature: a benchmark, and examples with traces to train on."""

from s1m.benchmarks.longvision.example import LongExample, Picture, Unsound, make_example
from s1m.benchmarks.longvision.page import LongVision

__all__ = ["LongExample", "LongVision", "Picture", "Unsound", "make_example"]
