"""Loops in a chain of thought: detected while it is generated, by cheap counters first and a close look after."""

from s1m.forcing.loops.watch import Loop, LoopWatch, find_loop

__all__ = ["Loop", "LoopWatch", "find_loop"]
