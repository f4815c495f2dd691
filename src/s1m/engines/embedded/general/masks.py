"""What every layer of a language model may look back at, which decides whether rows can share a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

FULL, SLIDING = "full_attention", "sliding_attention"

STORES = ("DynamicLayer", "DynamicSlidingWindowLayer", "DummyLayer")
"""The classes of transformers that keep keys and values of every token; the last one keeps none, since its layer reads
those of another one."""

STATE = "state"
"""A layer that keeps a state of fixed size, of all that was read, beside keys and values or instead of them."""

STATES = ("LinearAttentionLayer", "LinearAttentionAndFullAttentionLayer")
"""The classes of transformers that do."""

OTHER = "other"
"""A layer that keeps something else: chunks, an index, the keys of images."""


def layer_kinds(config: Any) -> set[str]:
    """The kinds of layers, as the model's masks are named; ``OTHER`` among them where no mask can say what is seen."""
    from transformers.cache_utils import DynamicCache

    text = config.get_text_config(decoder=True)
    try:
        layers = DynamicCache(config=config).layers
    except Exception:  # a class with a cache of its own raises whatever its author pleased
        return {OTHER}
    declared = getattr(text, "layer_types", None) or [
        SLIDING if type(layer).__name__ == "DynamicSlidingWindowLayer" else FULL for layer in layers
    ]
    if getattr(text, "cross_attention_layers", None):  # which keep the keys of images, however long the text
        return {OTHER}
    kept = {type(layer).__name__ for layer in layers}
    if kept <= {*STORES, *STATES} and kept & set(STATES):
        return {STATE, *(kind for kind in declared if kind in (FULL, SLIDING))}
    plain = kept <= set(STORES)
    return {kind if plain and kind in (FULL, SLIDING) else OTHER for kind in declared}


class Masks:
    """Masks of ragged rows for a model with these kinds of layers."""

    def __init__(self, config: Any) -> None:
        text = config.get_text_config(decoder=True)
        self._kinds = layer_kinds(config)
        self._window: int | None = getattr(text, "sliding_window", None) if SLIDING in self._kinds else None
        self._is_named = getattr(text, "layer_types", None) is not None and SLIDING in self._kinds

    def of(self, columns: Tensor, reach: int) -> dict[str, Tensor]:
        """By kind of layer, what each new token sees: boolean masks of shape (rows, 1, time, ``reach``).

        ``columns`` of shape (rows, time) are those of the new tokens, negative for padding. Nothing here looks at a
        value on the host.
        """
        import torch

        read = torch.arange(reach, device=columns.device)
        visible = read <= columns[:, :, None]
        masks = {FULL: visible}
        if self._window is not None:
            masks[SLIDING] = visible & (read > columns[:, :, None] - self._window)
        for mask in masks.values():
            mask[:, :, 0] |= columns < 0  # padding must see something, or its softmax is undefined
        return {kind: mask[:, None] for kind, mask in masks.items()}

    def given(self, masks: dict[str, Any]) -> Any:
        """The masks as the model takes them: one for all layers, or one for each kind of layer."""
        if self._is_named:
            return {**masks, "linear_attention": None, "conv": None} if STATE in self._kinds else masks
        return masks[FULL if self._window is None else SLIDING]
