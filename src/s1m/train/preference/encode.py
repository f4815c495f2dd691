"""Ids, labels and pictures of a pair: both of its conversations, each as supervised training encodes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from s1m.datasets.preferences import Preference
from s1m.train.batches.encode import Encoded
from s1m.train.model.encoder import AnyEncoder


@dataclass(frozen=True, kw_only=True)
class EncodedPair:
    """Both sides of a pair."""

    chosen: Encoded
    rejected: Encoded


@dataclass(frozen=True)
class PairEncoder:
    """Encodes both sides of a pair. Small when pickled, as its encoder is."""

    encoder: AnyEncoder

    def length(self, pair: Preference) -> int:
        """Tokens of both sides, prompts and images included. Raises ``Unusable``."""
        return self.encoder.length(pair.chosen) + self.encoder.length(pair.rejected)

    def encode(self, pair: Preference) -> EncodedPair:
        """Both sides. Raises ``Unusable`` with the reason."""
        return EncodedPair(chosen=self.encoder.encode(pair.chosen), rejected=self.encoder.encode(pair.rejected))


def followed_by(first: Encoded, second: Encoded) -> Encoded:
    """Two examples as one row; for an image that nothing is learned from, after a row without one."""
    import torch

    columns = {name: torch.cat([part.columns[name] for part in (first, second)], dim=1) for name in first.columns}
    return replace(
        first,
        ids=[*first.ids, *second.ids],
        labels=[*first.labels, *second.labels],
        pictures=second.pictures,
        columns=columns,
    )
