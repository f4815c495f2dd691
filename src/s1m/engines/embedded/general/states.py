"""Rows of a model whose layers keep a state: linear attention, short convolutions, beside keys and values.

A state is what a row has read so far and nothing else: of fixed size, so rows share a batch as they do with keys and
values, but it cannot be cut back. A past is therefore used only by what begins with all of it, and whatever is more
than a token is read by the model's own forward pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s1m.engines.embedded.cache import Past, SlotCache

if TYPE_CHECKING:
    from torch import Tensor

Key = tuple[str, int, int]
"""Which state: conv or recurrent, of which layer, and its number there."""


@dataclass(frozen=True)
class StatePast(Past):
    """Keys and values of one row, and the states of its layers without the dimension of rows."""

    states: tuple[tuple[Key, Tensor], ...] = ()

    @property
    def bytes(self) -> int:
        return super().bytes + sum(state.numel() * state.element_size() for _, state in self.states)


class StateCache(SlotCache):
    """A slot cache that keeps the states of its rows too. It speaks the calls that transformers makes of its cache."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.states: dict[Key, Tensor] = {}
        self._stores: dict[int, int] = {}  # layers that keep keys and values, counted in their order
        self._count = 0

    def aim(self, first: int, write: Tensor, read: int) -> None:
        super().aim(first, write, read)
        self._count = write.shape[0]

    def update(self, keys: Tensor, values: Tensor, layer_idx: int, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        return super().update(keys, values, self._stores.setdefault(layer_idx, len(self._stores)))

    def get_conv_state(self, layer_idx: int, state_idx: int = 0) -> Tensor | None:
        """The rows' states, a view that some layers write to."""
        return self._rows(("conv", layer_idx, state_idx))

    def get_recurrent_state(self, layer_idx: int, state_idx: int = 0) -> Tensor | None:
        """The rows' states."""
        return self._rows(("recurrent", layer_idx, state_idx))

    def update_conv_state(self, new: Tensor, layer_idx: int, state_idx: int = 0, **_: object) -> Tensor:
        """Shift new columns into the states; all columns, the old ones first."""
        import torch

        states = self._rows(("conv", layer_idx, state_idx))
        assert states is not None
        every = torch.cat([states, new], dim=-1)
        states.copy_(every[..., -states.shape[-1] :])
        return every

    def update_recurrent_state(self, new: Tensor, layer_idx: int, state_idx: int = 0, **_: object) -> Tensor:
        """Replace the states."""
        states = self._rows(("recurrent", layer_idx, state_idx))
        assert states is not None
        return states.copy_(new)

    def has_previous_state(self, *_: object, **__: object) -> bool:
        """Always: rows are put here with what they have read."""
        return True

    def is_recording_past(self, *_: object, **__: object) -> bool:
        """Never."""
        return False

    def take(self, slot: int, length: int) -> StatePast:
        kept = tuple((key, states[slot].clone()) for key, states in self.states.items())
        return StatePast(super().take(slot, length).layers, kept)

    def put(self, slot: int, past: Past, length: int) -> None:
        super().put(slot, past, length)
        assert isinstance(past, StatePast)
        for key, state in past.states:
            if key not in self.states:
                self.states[key] = state.new_zeros((self.slots, *state.shape))
            self.states[key][slot] = state

    def move(self, source: int, target: int, length: int) -> None:
        super().move(source, target, length)
        for states in self.states.values():
            states[target] = states[source]

    def _rows(self, key: Key) -> Tensor | None:
        states = self.states.get(key)
        return None if states is None else states[self._first : self._first + self._count]


def empty_cache(config: Any) -> Any:
    """A cache of transformers for one row, none of whose layers forgets what lies before its window."""
    from transformers import cache_utils

    classes: Any = cache_utils  # half of it is untyped
    cache = classes.DynamicCache(config=config)
    for index, layer in enumerate(cache.layers):
        if type(layer).__name__ == "DynamicSlidingWindowLayer":
            cache.layers[index] = classes.DynamicLayer()
    return cache


def past_of(cache: Any) -> StatePast:
    """What a cache of one row holds."""
    layers = [layer for layer in cache.layers if getattr(layer, "keys", None) is not None]
    states: list[tuple[Key, Tensor]] = []
    for index, layer in enumerate(cache.layers):
        for kind in ("conv", "recurrent"):
            numbered = getattr(layer, f"{kind}_states", None) or {}
            states += [((kind, index, number), state[0]) for number, state in numbered.items() if state is not None]
    return StatePast(tuple((layer.keys[0], layer.values[0]) for layer in layers), tuple(states))
