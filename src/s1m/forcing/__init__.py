"""The algorithms, without I/O: flow (think, ignore the end, answer), loops, presets, and the driver that pumps them."""

from s1m.forcing.drive import drive
from s1m.forcing.flow import Forcing
from s1m.forcing.follow import follow
from s1m.forcing.loops.watch import Loop, LoopWatch, find_loop
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.strategies import build_strategy
from s1m.forcing.strategies.sequential import independent_sweep, nested_sweep
from s1m.forcing.strategy import Flow, Strategy, Task

__all__ = [
    "IGNORE_STRINGS",
    "Flow",
    "Forcing",
    "Loop",
    "LoopWatch",
    "Strategy",
    "Task",
    "build_strategy",
    "drive",
    "find_loop",
    "follow",
    "independent_sweep",
    "nested_sweep",
]
