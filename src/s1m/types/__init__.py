"""The nouns of s1m, and the protocols of engine and benchmark.

A *problem* goes to an *engine* in *steps*; the engine returns *completions*; a finished conversation is a
*trace*; the benchmark gives a *verdict* on each of its answers; all of it is one *record* of a run.
Nothing here does any work: these are frozen values that every other module shares.
"""

from s1m.types.engine import Completion, Engine, RequestOptions, Sampling
from s1m.types.problems import Problem, Turn
from s1m.types.records import Benchmark, Cost, Record, Usage, Verdict
from s1m.types.steps import AtOnce, Piece, Purpose, Step, WholeReply
from s1m.types.traces import Answer, CutLoop, Finish, Segment, StopClass, Trace

__all__ = [
    "Answer",
    "AtOnce",
    "Benchmark",
    "Completion",
    "Cost",
    "CutLoop",
    "Engine",
    "Finish",
    "Piece",
    "Problem",
    "Purpose",
    "Record",
    "RequestOptions",
    "Sampling",
    "Segment",
    "Step",
    "StopClass",
    "Trace",
    "Turn",
    "Usage",
    "Verdict",
    "WholeReply",
]
