"""The tiny sets are written once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.data import tiny_sets


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of tiny parquet sets, one folder a benchmark."""
    return tiny_sets(tmp_path_factory.mktemp("tiny"))
