"""Loops in a chain of thought: found while it is generated, in counters first and a close look after."""

from s1m.forcing.loops.watch import Loop, LoopWatch, find_loop

__all__ = ["Loop", "LoopWatch", "find_loop"]
