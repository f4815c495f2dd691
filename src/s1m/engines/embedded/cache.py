"""Keys and values of many rows at once: each row owns a slot and grows in it at its own pace.

A ``SlotCache`` is one buffer a layer, of shape (slots, heads, columns, head size). Rows of different lengths sit side
by side, column c of a slot holding token c of its row; what lies beyond a row's length is hidden by the attention mask
that the batcher makes. Joining or leaving the batch therefore copies one row, never the batch, and a row's past is a
plain slice that can be kept and put back. It speaks the one call that a transformers model makes of its cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

GROWTH = 256
"""Columns are added in multiples of this."""


@dataclass(frozen=True)
class Past:
    """The keys and values of one row: tensors of shape (heads, time, head size), a pair a layer."""

    layers: tuple[tuple[Tensor, Tensor], ...]

    @property
    def bytes(self) -> int:
        """Memory held."""
        return sum(k.numel() * k.element_size() + v.numel() * v.element_size() for k, v in self.layers)


class SlotCache:
    """Keys and values of up to ``slots`` rows. The last column of every slot is scratch: padding is written there."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.columns = 0
        self.generation = 0
        """Rises whenever the buffers move in memory."""
        self.layers: list[tuple[Tensor, Tensor]] = []
        self._first = 0
        self._write: Tensor | None = None
        self._read = 0

    def aim(self, first: int, write: Tensor, read: int) -> None:
        """Point the next forward pass at rows ``first`` and on; room for ``read`` columns is reserved before.

        ``write`` of shape (rows, time) is the column of each new token, -1 for padding; attention sees the first
        ``read`` columns.
        """
        self._first, self._read = first, read
        self._write = write.masked_fill(write < 0, self.columns - 1)

    def update(self, keys: Tensor, values: Tensor, layer_idx: int, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        """Store new keys and values of shape (rows, heads, time, head size); return all that attention may see."""
        assert self._write is not None
        if layer_idx == len(self.layers):
            self.layers.append((self._buffer(keys), self._buffer(values)))
        rows = slice(self._first, self._first + keys.shape[0])
        seen = []
        for buffer, new in zip(self.layers[layer_idx], (keys, values), strict=True):
            # Every row writes to columns of its own, so a slice will not do, and a loop would need them on the host.
            index = self._write[:, None, :, None].expand_as(new)
            buffer[rows].scatter_(2, index, new)
            seen.append(buffer[rows, :, : self._read])
        return seen[0], seen[1]

    def get_seq_length(self, _layer_idx: int = 0) -> int:
        """Columns in use; models ask, and only use it where no positions are given."""
        return self._read

    def take(self, slot: int, length: int) -> Past:
        """A copy of the first ``length`` tokens of a row."""
        return Past(tuple((k[slot, :, :length].clone(), v[slot, :, :length].clone()) for k, v in self.layers))

    def put(self, slot: int, past: Past, length: int) -> None:
        """Lay the first ``length`` tokens of a past into a slot."""
        self.reserve(length)
        if not self.layers:
            self.layers = [(self._buffer(keys[None]), self._buffer(values[None])) for keys, values in past.layers]
        for (keys, values), (old_keys, old_values) in zip(self.layers, past.layers, strict=True):
            keys[slot, :, :length] = old_keys[:, :length]
            values[slot, :, :length] = old_values[:, :length]

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first ``length`` tokens of one slot into another."""
        for keys, values in self.layers:
            keys[target, :, :length] = keys[source, :, :length]
            values[target, :, :length] = values[source, :, :length]

    def reserve(self, columns: int) -> None:
        """Make room for at least ``columns`` columns, layer by layer, so that only one is held twice."""
        wanted = columns + 1  # one more for scratch
        if wanted <= self.columns:
            return
        # By half at least: every growth copies all buffers, and the graphs that hold their addresses are captured anew.
        columns = max(-(-wanted // GROWTH) * GROWTH, self.columns * 3 // 2)
        for layer, (keys, values) in enumerate(self.layers):
            self.layers[layer] = _widened(keys, columns), _widened(values, columns)
        self.columns = columns
        self.generation += 1

    def _buffer(self, like: Tensor) -> torch.Tensor:
        return like.new_zeros((self.slots, like.shape[1], self.columns, like.shape[3]))


def _widened(buffer: Tensor, columns: int) -> Tensor:
    """A copy of a buffer with more columns, the new ones zero."""
    wider = buffer.new_zeros((*buffer.shape[:2], columns, buffer.shape[3]))
    wider[:, :, : buffer.shape[2]] = buffer
    return wider
