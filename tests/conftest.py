"""Shared machines are slow at times: no deadline for an example, one thread for arithmetic. One vLLM for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.vllm_server import REASONING, serving

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
settings.register_profile("s1m", deadline=None)
settings.load_profile("s1m")


@pytest.fixture(scope="session")
def vllm_url() -> Iterator[str]:
    """Base URL of a real vLLM that serves the bundled checkpoint, for tests marked ``vllm``."""
    with serving("--", "--reasoning-config", REASONING) as url:
        yield url
