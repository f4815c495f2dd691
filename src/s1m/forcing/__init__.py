"""The algorithms, without I/O: flow (think, ignore the end, answer), loops, presets, and the driver that pumps them."""

from s1m.forcing.drive import drive
from s1m.forcing.flow import SWEEPS, Flow, Forcing, independent_sweep, nested_sweep
from s1m.forcing.loops import Loop, LoopWatch, find_loop
from s1m.forcing.presets import IGNORE_STRINGS

__all__ = [
    "IGNORE_STRINGS",
    "SWEEPS",
    "Flow",
    "Forcing",
    "Loop",
    "LoopWatch",
    "drive",
    "find_loop",
    "independent_sweep",
    "nested_sweep",
]
