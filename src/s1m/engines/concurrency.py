"""How many problems an engine works on at once where no number is given."""

from __future__ import annotations

EMBEDDED_CONCURRENCY = 64
"""Rows of one batch: on a CPU more of them gain nothing, and each holds its own cache."""
SERVER_CONCURRENCY = 256
"""Enough for one large GPU; each problem in flight holds its images in memory, encoded."""
