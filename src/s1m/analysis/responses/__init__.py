"""Recorded responses of any model through a benchmark's scorers."""
