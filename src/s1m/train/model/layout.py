"""How the batches of a model's class are laid out: whether its examples can share a row and be kept apart exactly.

A packed row gives every example positions of its own and lets it attend to itself alone. That is exact where positions
are all that tells a layer where it is, and attention all that carries something from token to token. It is decided by
what a model is made of; whatever is in doubt is not packed.
"""

from __future__ import annotations

import inspect
from typing import Any

from s1m.engines.embedded.checkpoint import IMAGE_TOKEN
from s1m.train.batches.plan import Layout
from s1m.train.model.towers import unwrapped
from s1m.train.settings import TrainSettings

FULL = "full_attention"

MARKS = ("token_type_ids", "mm_token_type_ids")
"""What a model takes for every token where its attention or its positions go by more than the token's place."""


def is_qwen(config: Any, tokenizer: Any) -> bool:
    """Whether a model's images are laid out by Qwen2-VL's rules: its place-holder, positions in three dimensions."""
    text = config.get_text_config()
    return (
        "mrope_section" in (getattr(text, "rope_parameters", None) or {})
        and hasattr(config, "vision_start_token_id")
        and tokenizer.convert_tokens_to_ids(IMAGE_TOKEN) == getattr(config, "image_token_id", None)
        and _kinds(text) <= {FULL}
    )


def layout_of(settings: TrainSettings, model: Any, tokenizer: Any) -> tuple[Layout, str]:
    """How the settings' batches are laid out for a model, and why not as they say; the reason is mostly empty."""
    if settings.batch == "grouped":
        return "grouped", ""
    reason = why_not_packed(model, tokenizer)
    return ("padded", reason) if reason else ("packed", "")


def why_not_packed(model: Any, tokenizer: Any) -> str:
    """Why a model's examples cannot share a row, in words; empty where they can."""
    plain = unwrapped(model)
    decoder = plain.get_decoder()
    text = decoder.config
    others = sorted(_kinds(text) - {FULL})
    if others:
        return f"its layers have {', '.join(others)}"
    if getattr(text, "sliding_window", None) and not _kinds(text):
        return "its layers have a sliding window"
    if is_qwen(plain.config, tokenizer):
        return ""
    inner = getattr(plain, "model", plain)
    marks = [name for name in MARKS if name in inspect.signature(inner.forward).parameters]
    if marks:
        return f"its positions or its attention go by {marks[0]}"
    if not getattr(decoder, "_supports_attention_backend", False):
        return "its attention cannot be exchanged"
    for module in (inner, decoder):
        if "position_ids" not in inspect.signature(module.forward).parameters:
            return f"{type(module).__name__} takes no positions"
    if not any(type(module).__name__.endswith("RotaryEmbedding") for module in decoder.modules()):
        return "its positions are not rotary"
    return ""


def _kinds(text: Any) -> set[str]:
    """The kinds of layers that a configuration names; none where it does not tell them apart."""
    return set(getattr(text, "layer_types", None) or ())
