"""The parts of a checkpoint, and the folder that they are saved to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from s1m.engines.embedded.general.processor import without_videos

VISION = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
"""Sizes of a vision tower in the words that most classes use."""


def text(tokenizer: Any, **changes: Any) -> dict[str, Any]:
    """Sizes of a language model, for the tokenizer's vocabulary."""
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        # Large enough that tokens depend on their context: with the default 0.02 a random model repeats one token.
        "initializer_range": 0.3,
        **changes,
    }


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a checkpoint is saved from. ``processor`` is a processor class, None for a model without images."""

    config: Any
    model: Any
    """The model's class."""
    tokenizer: Any
    template: str
    image_processor: Any = None
    processor: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    """What the processor takes beside its halves."""


def save(parts: Parts, folder: Path) -> None:
    """Save a checkpoint with random weights."""
    import transformers as hf

    transformers: Any = hf  # half of it is untyped
    torch.manual_seed(0)
    tokenizer = parts.tokenizer
    model = parts.model(parts.config).eval()
    for name, weight in model.named_parameters():
        if name.endswith("_gate"):  # closed in a new Mllama, which then sees no image
            torch.nn.init.ones_(weight)
    if parts.processor is None:
        tokenizer.chat_template = parts.template
        tokenizer.save_pretrained(folder)
    else:
        kind, halves = parts.processor, {"image_processor": parts.image_processor, "tokenizer": tokenizer}
        if "video_processor" in kind.get_attributes():
            kind, halves = without_videos(kind), {**halves, "video_processor": None}
        kind(**halves, chat_template=parts.template, **parts.options).save_pretrained(folder)
        # A processor that cannot take its tokenizer's embedding for granted may have added tokens.
        assert len(tokenizer) <= model.get_input_embeddings().weight.shape[0]
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id
    )
    model.save_pretrained(folder)
