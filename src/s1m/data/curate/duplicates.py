"""Which rows repeat an earlier one: the same question about the same picture, each perhaps in other words or pixels.

    made = [signature(question, images) for ...]      in any number of processes
    find_duplicates(made)                             None, or the row that it repeats and how, for each

Both must agree: many pictures are asked several questions, and many questions are asked of many pictures. Texts with
other numbers, names or decisive words (``decisive``) are never the same. The first row of several stays, so rows come
in order of preference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from s1m.data.curate.signature import MINIMA, SIZE, Signature
from s1m.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["exact", "near text", "near image", "near text and image"]

SIMILAR = 0.75
"""Fraction of equal minima from which two texts are the same: an estimate of the fraction of their runs of words in
common. One word of thirty changed leaves 0.81; templates with another object in them are mostly under it."""
APART = 0.25
"""Of the points where either of two pictures gets brighter, the fraction in which the same picture differs at most."""
# A band of texts is four minima. Texts with 3 of 4 minima alike agree in a band with probability 0.75**4 = 0.32, and in
# none of the 16 with 0.68**16 = 0.002; texts with 1 of 4 alike agree in one of them with 0.06.
BANDS = 16
"""Groups of minima and of looks; rows that agree in one of each are compared."""
# All pairs of a group would be quadratic, and a template makes groups of thousands.
NEIGHBOURS = 16
"""Rows of such a group before it that a row is compared with, and the first one."""
PAIRS = 1 << 16
"""Pairs that are compared at once."""


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """The row that another repeats, and what of it is not the same to the letter."""

    first: int
    kind: Kind


def find_duplicates(signatures: Sequence[Signature]) -> list[Duplicate | None]:
    """For every row the earlier one that it repeats, None for one that stays. No row repeats one that does not stay."""
    import numpy as np

    if any(len(signature) != SIZE for signature in signatures):
        raise DataError(f"a signature has {SIZE} bytes; make all of them with this version")
    rows = np.frombuffer(b"".join(signatures), dtype=_layout())
    edges = [_same(rows, pairs) for keys in _keys(rows) for pairs in _together(keys)]
    repeated: list[Duplicate | None] = [None] * len(rows)
    every = np.unique(np.concatenate([np.zeros((0, 2), np.int64), *edges]), axis=0)
    for later, first in every.tolist():
        if repeated[later] is None and repeated[first] is None:
            repeated[later] = Duplicate(first=first, kind=_kind(rows[first], rows[later]))
    return repeated


def _layout() -> np.dtype[np.void]:
    import numpy as np

    return np.dtype(
        [
            ("words", "<u8"),
            ("pixels", "<u8"),
            ("decisive", "<u8"),
            ("images", "u1"),
            ("clear", "u1"),
            ("minima", "<u2", MINIMA),
            ("looks", "<u8", 4),
        ]
    )


def _keys(rows: NDArray[np.void]) -> Iterator[NDArray[np.uint64]]:
    """A number for every row, several times over: rows with the same one are compared."""
    import numpy as np

    # 2**64 over the golden ratio: a sum of plain digests would be the same when they swap their parts.
    mix = np.uint64(0x9E3779B97F4A7C15)
    yield rows["words"] * mix + rows["pixels"]
    looks = np.ascontiguousarray(rows["looks"]).view(np.uint16).reshape(len(rows), BANDS)
    texts = np.ascontiguousarray(rows["minima"]).view(np.uint64).reshape(len(rows), BANDS)
    for band in range(BANDS):
        # Of pictures that show too little the looks say nothing: these are the same only to the pixel.
        pictured = np.where(rows["clear"] == 1, looks[:, band].astype(np.uint64), rows["pixels"])
        yield (texts[:, band] * mix ^ (texts[:, band] >> np.uint64(29))) + pictured * mix + rows["images"]


def _together(keys: NDArray[np.uint64]) -> Iterator[NDArray[np.int64]]:
    """Pairs of a later and an earlier row with the same key, (pairs, 2), some at a time."""
    import numpy as np

    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    begins = (
        np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(keys) else np.zeros(0, np.int64)
    )
    first = np.repeat(begins, np.diff([*begins, len(keys)]))
    index = np.arange(len(keys))
    earlier = [first, *(np.maximum(index - back, first) for back in range(1, NEIGHBOURS + 1))]
    for other in earlier:
        (apart,) = np.nonzero(other < index)
        pairs = np.stack([order[apart], order[other[apart]]], axis=1)
        yield from (pairs[start : start + PAIRS] for start in range(0, len(pairs), PAIRS))


def _same(rows: NDArray[np.void], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Those of the pairs that are the same question about the same pictures."""
    import numpy as np

    later, earlier = rows[pairs[:, 0]], rows[pairs[:, 1]]
    close = (later["minima"] == earlier["minima"]).mean(axis=1) >= SIMILAR
    asked = (later["words"] == earlier["words"]) | (close & (later["decisive"] == earlier["decisive"]))
    apart = np.bitwise_count(later["looks"] ^ earlier["looks"]).sum(axis=1)
    either = np.bitwise_count(later["looks"] | earlier["looks"]).sum(axis=1)
    alike = (later["clear"] == 1) & (earlier["clear"] == 1) & (apart <= APART * either)
    seen = (later["pixels"] == earlier["pixels"]) | (alike & (later["images"] == earlier["images"]))
    # Which pairs are candidates depends on hashes; that they are duplicates is decided here by all the evidence.
    same: NDArray[np.bool_] = asked & seen
    return pairs[same]


def _kind(earlier: np.void, later: np.void) -> Kind:
    text, image = earlier["words"] == later["words"], earlier["pixels"] == later["pixels"]
    if text:
        return "exact" if image else "near image"
    return "near text" if image else "near text and image"
