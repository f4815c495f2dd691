"""s1m: test-time scaling for vision-language models.

    import s1m
    trace = s1m.think("What is the sum of the digits?", images=["digits.png"], num_ignore=3)

    from s1m import Forcing, Sampling, drive, nested_sweep      the algorithm alone, without I/O

Importing this package does nothing else: engines, torch and figures are imported where they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from s1m.errors import S1mError
from s1m.forcing import Forcing, Loop, LoopWatch, drive, find_loop, follow, independent_sweep, nested_sweep
from s1m.types import (
    Answer,
    Completion,
    Engine,
    Piece,
    Problem,
    Record,
    Sampling,
    Segment,
    Step,
    Trace,
    Verdict,
)

if TYPE_CHECKING:
    from s1m.ask import athink, engine, stream, think
    from s1m.evaluate.store import load_run

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Completion",
    "Engine",
    "Forcing",
    "Loop",
    "LoopWatch",
    "Piece",
    "Problem",
    "Record",
    "S1mError",
    "Sampling",
    "Segment",
    "Step",
    "Trace",
    "Verdict",
    "__version__",
    "athink",
    "drive",
    "engine",
    "find_loop",
    "follow",
    "independent_sweep",
    "load_run",
    "nested_sweep",
    "stream",
    "think",
]

_LATER = {
    "athink": "s1m.ask",
    "engine": "s1m.ask",
    "load_run": "s1m.evaluate.store",
    "stream": "s1m.ask",
    "think": "s1m.ask",
}
"""Names whose modules need libraries, and are imported when the name is first used."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 's1m' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LATER[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
