"""What an index keeps of one picture."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.data.contamination.appearance import Box, content_box, difference_hash, look
from s1m.data.contamination.views import THUMB

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

CUTS = ((0.0,) * 4, *itertools.product((0.03, 0.08), repeat=4))
"""Fractions cut off left, top, right and bottom. A hash survives 3 % more or less, so that two cuts a side serve for
0 to 11 %."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What is kept of a picture; see ``Pictures`` for its columns."""

    problem: int
    file: bytes
    pixels: bytes
    thumb: NDArray[np.uint8]
    ratio: float
    hashes: NDArray[np.uint64]
    boxes: NDArray[np.float32]


def entry_of(problem: int, image: bytes) -> Entry:
    """What is kept of an encoded picture. A blank one is kept without digests: it is the same as every other.

    Raises ``DataError`` for an image that cannot be read.
    """
    import numpy as np
    from PIL import Image

    seen = look(image)
    if seen.grey is None:
        return Entry(
            problem=problem,
            file=bytes(16),
            pixels=bytes(16),
            thumb=np.zeros((THUMB, THUMB), np.uint8),
            ratio=1.0,
            hashes=np.zeros((0, 2), np.uint64),
            boxes=np.zeros((0, 4), np.float32),
        )
    parts = list(_parts(seen.grey))
    return Entry(
        problem=problem,
        file=digest(image),
        pixels=seen.pixels,
        thumb=np.asarray(seen.grey.resize((THUMB, THUMB), Image.Resampling.BOX)),
        ratio=seen.grey.width / seen.grey.height,
        hashes=np.array([hashed for hashed, _ in parts], dtype=np.uint64),
        boxes=np.array([box for _, box in parts], dtype=np.float32),
    )


def digest(content: bytes) -> bytes:
    """16 bytes, equal for equal content."""
    return hashlib.blake2b(content, digest_size=16).digest()


def stacked(digests: Sequence[bytes]) -> NDArray[np.uint8]:
    """Digests as an array of shape (digests, 16)."""
    import numpy as np

    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 16)


def _parts(grey: Image) -> Iterator[tuple[NDArray[np.uint64], Box]]:
    """Hashes of parts of a picture, cut and trimmed, with the fractions of the sides that they span.

    The whole picture is first, the trimmed one second.
    """
    width, height = grey.size
    boxes: dict[Box, None] = {}
    for left, top, right, bottom in CUTS:
        cut = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
        boxes[cut] = None
        whole = tuple(round(edge) for edge in cut)
        inner = content_box(grey.crop((whole[0], whole[1], whole[2], whole[3])))
        boxes[(whole[0] + inner[0], whole[1] + inner[1], whole[0] + inner[2], whole[1] + inner[3])] = None
    for box in boxes:
        yield difference_hash(grey, box), (box[0] / width, box[1] / height, box[2] / width, box[3] / height)
