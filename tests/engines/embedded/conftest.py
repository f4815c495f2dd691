"""One loaded engine for all tests of the embedded engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from s1m.engines.embedded import EmbeddedEngine


@pytest.fixture(scope="session")
def engine() -> Iterator[EmbeddedEngine]:
    """The bundled model."""
    engine = EmbeddedEngine(max_rows=16)
    yield engine
    asyncio.run(engine.close())
