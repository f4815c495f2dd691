"""Shared machines are slow at times: no deadline for an example, one thread for arithmetic."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
settings.register_profile("s1m", deadline=None)
settings.load_profile("s1m")
