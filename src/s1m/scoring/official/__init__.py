"""Ported scorers: the verdict that a benchmark's own code gives."""
