"""Whether a class of models may be packed: whether examples in one row can be kept from each other exactly.

A packed row gives every example positions of its own and lets it attend to itself alone. That is exact where positions
are all that tells a layer where it is, and attention all that carries something from token to token. It is decided by
what a model is made of; whatever is in doubt is not packed.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from s1m.train.model.towers import unwrapped

FULL = "full_attention"


def why_not_packed(model: Any, columns: Sequence[str] = ()) -> str:
    """Why a model's examples cannot share a row, in words; empty where they can.

    ``columns`` are what the model takes for each token beside its id and its position.
    """
    plain = unwrapped(model)
    decoder = plain.get_decoder()
    config = decoder.config
    kinds = set(getattr(config, "layer_types", None) or ())
    others = sorted(kinds - {FULL})
    windows = bool(getattr(config, "sliding_window", None)) and not kinds
    if others or windows:
        return f"its layers have {', '.join(others) or 'a sliding window'}, not full attention alone"
    if columns:
        return f"its attention goes by {', '.join(columns)}"
    if not getattr(decoder, "_supports_attention_backend", False):
        return "its attention cannot be exchanged"
    return _takes_positions(plain, decoder)


def has_grid_positions(model: Any) -> bool:
    """Whether positions have three dimensions, by Qwen-VL's rules, for which a row of text positions is kept beside."""
    return hasattr(getattr(unwrapped(model), "model", None), "get_rope_index")


def _takes_positions(plain: Any, decoder: Any) -> str:
    for module in (getattr(plain, "model", plain), decoder):
        if "position_ids" not in inspect.signature(module.forward).parameters:
            return f"{type(module).__name__} takes no positions"
    if not any(type(module).__name__.endswith("RotaryEmbedding") for module in decoder.modules()):
        return "its positions are not rotary"
    return ""
