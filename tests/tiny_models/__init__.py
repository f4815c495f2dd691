"""Tiny random checkpoints of many model classes, made from their configuration classes: a file is a class.

    folder = checkpoint("smolvlm", tmp_path)      # what from_pretrained takes: weights, tokenizer, processor, template

Each file has a function ``build`` that returns the parts. Weights are drawn with a fixed seed.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from tests.tiny_models.parts import save

NOT_CLASSES = ("parts", "spelling")

KINDS = tuple(info.name for info in iter_modules(__path__) if info.name not in NOT_CLASSES)
"""The classes there are, by file."""

TEXT_ONLY = ("llama",)
"""Those without images."""


def checkpoint(kind: str, base: Path) -> Path:
    """The folder of a class's tiny checkpoint in ``base``, made where it is not there yet."""
    folder = base / kind
    if not (folder / "config.json").exists():
        save(import_module(f"{__name__}.{kind}").build(), folder)
    return folder
