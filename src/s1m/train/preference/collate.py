"""How the pairs of a micro-batch are laid out: all chosen conversations, then all rejected ones, in padded rows.

TRL's trainer derives what is learned from a mask over the ids. At an ignore string our target is not the id that stands
there but the end of thinking, so the labels go along as ``shift_labels``, which TRL's forward pass takes as they are:
``shift_labels[i]`` is what should follow position i. The mask marks the same positions, for TRL's counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from s1m.datasets.example import Unusable
from s1m.datasets.preferences import Preferences
from s1m.errors import DataError
from s1m.train.batches.collate import Padding, pictures_of
from s1m.train.batches.encode import IGNORED, Encoded
from s1m.train.preference.encode import EncodedPair, PairEncoder, followed_by

if TYPE_CHECKING:
    from torch import Tensor


class PairCollator:
    """Makes a micro-batch from the numbers of its pairs; runs in the data loader's worker processes."""

    def __init__(
        self, pairs: Preferences, encoder: PairEncoder, rows: Padding, *, blank: Encoded | None = None
    ) -> None:
        """``blank`` is added to every batch without an image; see ``Collator``."""
        self._pairs = pairs
        self._encoder = encoder
        self._rows = rows
        self._blank = blank

    def __call__(self, rows: Sequence[dict[str, list[int]]]) -> dict[str, Tensor]:
        """The batch of ``rows``, each of which names its pairs: (2 x pairs, time)."""
        import torch

        numbers = [number for row in rows for number in row["examples"]]
        pairs = [pair for pair in map(self._encoded, numbers) if pair is not None]
        if not pairs:
            raise DataError(f"no pair of a batch can be read any more, such as {self._pairs.location(numbers[0])}")
        sides = [*(pair.chosen for pair in pairs), *(pair.rejected for pair in pairs)]
        if self._blank is not None and all(side.pixels is None for side in sides):
            # At the end of a row: nothing before it sees it, and the number of rows stays even.
            sides[-1] = followed_by(sides[-1], self._blank)
        batch: dict[str, Any] = self._rows(sides) | pictures_of(sides)
        labels = batch.pop("labels")
        shifted = torch.nn.functional.pad(labels[:, 1:], (0, 1), value=IGNORED)
        return batch | {"shift_labels": shifted, "completion_mask": (shifted != IGNORED).long()}

    def _encoded(self, number: int) -> EncodedPair | None:
        """A pair; None, with a warning, for an image that is cut off after its header, which the survey reads."""
        try:
            return self._encoder.encode(self._pairs[number])
        except Unusable as error:
            warnings.warn(f"left out: {self._pairs.location(number)}: {error}", stacklevel=2)
            return None
