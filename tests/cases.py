"""Inputs with their right outcome, from the folder ``shared/cases`` beside the checkout; tests skip without it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest


def cases(name: str) -> list[dict[str, Any]]:
    """The lines of ``name.jsonl``; the test is skipped where there are none. ``S1M_SHARED`` may name the folder."""
    named = os.environ.get("S1M_SHARED")
    beside = [parent / "shared" for parent in Path(__file__).resolve().parents]
    for folder in [Path(named)] if named else beside:
        path = folder / "cases" / f"{name}.jsonl"
        if path.is_file():
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    pytest.skip("no shared cases beside the checkout")
