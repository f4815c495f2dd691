"""Small models of three classes, as training loads them, and conversations with everything that can stand in one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from s1m.datasets.example import IMAGE, Example, Slot, Turn
from s1m.datasets.source import Source
from s1m.engines.embedded.checkpoint import load_checkpoint, place_of
from s1m.train.batches.collate import Collator
from s1m.train.batches.encode import Encoder
from s1m.train.model.encoder import AnyEncoder, load_encoder
from s1m.train.model.load import load_model, rules_of
from s1m.train.settings import TrainSettings
from tests.datasets.sets import picture
from tests.engines.embedded.test_model_classes import build

KINDS = ("Qwen2-VL", "Qwen2.5-VL", "Qwen3-VL")
LOOKS = (
    "<think>\nI read 37, so far 37, sum 0+3=3+7=10.\nWait, I read 31, so far 37, sum 0+3=3+7=10.\n</think>\n"
    "Final answer: 10"
)


def folder_of(kind: str, folder: Path) -> Path:
    """A checkpoint of a class: the bundled one, or a random sibling with its tokenizer and image processor."""
    bundled = Path(place_of("bundled"))
    if kind == "Qwen2-VL":
        return bundled
    if not folder.exists():
        build(kind, load_checkpoint("bundled", "cpu").model).save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "preprocessor_config.json"):
            shutil.copy(bundled / name, folder)
    return folder


def settings_of(folder: Path, **changes: Any) -> TrainSettings:
    data = (Source(path="digits"),)
    return TrainSettings(model=str(folder), out="out", data=data, precision="fp32", **changes)


def loaded_for(folder: Path, **changes: Any) -> tuple[Any, Any]:
    """The model in float32 and its encoder, through the ways of training."""
    settings = settings_of(folder, **changes)
    return load_model(settings).model, load_encoder(settings)


def batch_of(
    examples: Sequence[Example], encoder: AnyEncoder, model: Any, *, packed: bool, blank: Any = None
) -> dict[str, Any]:
    """A real micro-batch of examples."""
    sequence: Any = Located(examples)
    pad_id: int = encoder.tokenizer.pad_token_id
    rope = rules_of(model) if isinstance(encoder, Encoder) else None
    collate = Collator(sequence, encoder, rope, packed=packed, pad_id=pad_id, blank=blank)
    return dict(collate([{"examples": list(range(len(examples)))}]))


class Located(list[Example]):
    """Examples that can say where they stand."""

    def location(self, index: int) -> str:
        return self[index].id


def example(*said: Sequence[str | Slot] | str, images: Sequence[bytes] = (), id: str = "made") -> Example:  # noqa: A002
    """A conversation in which user and assistant take turns."""
    roles: tuple[Any, Any] = ("user", "assistant")
    turns = [
        Turn(role=roles[i % 2], content=(text,) if isinstance(text, str) else tuple(text))
        for i, text in enumerate(said)
    ]
    return Example(id=id, turns=tuple(turns), images=tuple(images))


CONVERSATIONS = (
    example("What is 3+7?", "<think>\nsum 0+3=3+7=10.\n</think>\nFinal answer: 10", id="text alone"),
    example((IMAGE, "What is the sum?"), LOOKS, images=[picture(112, 56)], id="an image"),
    example(
        ("Is ", IMAGE, " larger than ", IMAGE, "?"), "It is.",
        images=[picture(140, 84), picture(56, 28)], id="two images",
    ),
    example(
        (IMAGE, "How many?"), LOOKS, "And now?", "<think>\neven 0\n</think>\nNone.", (IMAGE, "And here?"), "2",
        images=[picture(300, 200), picture(28, 84)], id="three turns",
    ),
)  # fmt: skip
