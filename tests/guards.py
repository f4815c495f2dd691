"""What tests of hostile input are held to."""

from __future__ import annotations

SECONDS = 20.0
"""Far above what any bounded work takes on a busy machine under coverage (about one second), far below what quadratic
work on millions of characters takes (many minutes). It guards against growth without bound; how fast the work is, is
measured in ``perf/``."""
