"""Intervals, tests and curves over plain numbers."""
