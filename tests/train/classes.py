"""Tiny checkpoints of many model classes, and a small set that all of them learn in twenty steps."""

from __future__ import annotations

import base64
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from s1m.datasets.source import Source
from s1m.train.settings import TrainSettings
from tests.datasets.sets import picture, write_lines
from tests.tiny_models import KINDS, TEXT_ONLY, checkpoint
from tests.train.runs import short

REFUSED = (*TEXT_ONLY, "mllama")
"""Those that cannot be trained."""

CLASSES = tuple(kind for kind in KINDS if kind not in REFUSED)

PACKED = ("idefics2", "idefics3", "internvl", "llava", "llava_onevision", "mistral3", "ovis2", "smolvlm")
"""Those whose examples may share a row."""

STEPS = 20


def folder_of(kind: str, base: Path) -> Path:
    """The checkpoint of a class. Skips where a package is missing that the class's processor needs."""
    if kind == "mistral3" and find_spec("torchvision") is None:
        pytest.skip("its processor needs torchvision")
    return checkpoint(kind, base)


def small_set(path: Path, rows: int = 8) -> Path:
    """Traces about a picture, and every fourth about none."""
    lines: list[dict[str, Any]] = []
    for number in range(rows):
        says = {"response": f"<think>\nI read {number}.\n</think>\n{number + 1}"}
        if number % 4:
            image = base64.b64encode(picture(56, 28, number)).decode()
            lines.append({"prompt": f"<image>What is the sum {number}?", **says, "images": [{"bytes": image}]})
        else:
            lines.append({"prompt": "Say it.", **says, "images": []})
    return write_lines(path, lines)


def twenty_steps(kind: str, base: Path, out: Path, **changes: Any) -> TrainSettings:
    """A training of a class on the small set, which is one micro-batch."""
    data = base / "small.jsonl"
    if not data.exists():
        small_set(data)
    few: dict[str, Any] = {
        "model": str(folder_of(kind, base)), "data": (Source(path=str(data)),), "epochs": STEPS, "learning_rate": 3e-3,
        "max_tokens": 1024, "pack_tokens": 2048,
    }  # fmt: skip
    return short(out, **few | changes)
