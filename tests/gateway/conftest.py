"""One gateway in front of the bundled model for all tests of this folder, and its engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from s1m.engines.embedded import EmbeddedEngine
from tests.gateway.serving import Gateway, serving


@pytest.fixture(scope="session")
def bundled() -> Iterator[EmbeddedEngine]:
    """The bundled model."""
    engine = EmbeddedEngine(max_rows=16)
    yield engine
    asyncio.run(engine.close())


@pytest.fixture(scope="session")
def gateway(bundled: EmbeddedEngine) -> Iterator[Gateway]:
    """A gateway in front of it."""
    with serving(bundled, num_ignore=[1], temperature=1.0, top_p=1.0) as started:
        yield started
