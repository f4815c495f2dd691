"""s1m: test-time scaling for vision-language models.

    from s1m import Forcing, Sampling, drive, nested_sweep

Importing this package does nothing else: engines, torch and figures are imported where they are used.
"""

from s1m.errors import S1mError
from s1m.forcing import Forcing, Loop, LoopWatch, drive, find_loop, independent_sweep, nested_sweep
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
    "drive",
    "find_loop",
    "independent_sweep",
    "nested_sweep",
]
