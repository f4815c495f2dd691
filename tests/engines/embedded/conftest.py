"""One loaded engine for all tests of the embedded engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from s1m.engines.embedded import EmbeddedEngine
from s1m.engines.embedded.pace import Pace


@pytest.fixture(scope="session")
def engine() -> Iterator[EmbeddedEngine]:
    """The bundled model."""
    engine = EmbeddedEngine(max_rows=16)
    yield engine
    asyncio.run(engine.close())


@pytest.fixture
def every_token_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast this machine writes: the pace of hearings otherwise depends on the clock."""
    monkeypatch.setattr(Pace, "is_due", lambda _, listeners: listeners > 0)
