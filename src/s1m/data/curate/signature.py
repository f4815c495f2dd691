"""What is kept of a row to find others that repeat it: 186 bytes, made from the row alone.

0   8 bytes   digest of the words and of the signs between them
8   8 bytes   digest of the images' pixels
16  8 bytes   digest of the numbers, names and words that decide what is asked (``decisive``)
24  2 bytes   how many images, and whether they show enough to be compared by looks
26  128 bytes MinHash of the runs of three words: 64 minima of 16 bits (A. Broder, 1997)
154 32 bytes  two difference hashes of the images, trimmed; those of several images are mixed
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from s1m.data.contamination.appearance import content_box, difference_hash, look
from s1m.data.contamination.evidence import codes, runs
from s1m.data.contamination.words import words
from s1m.data.curate.decisive import decisive, signs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

Signature = bytes
"""As above; equal for equal rows, on every machine and in every process."""

SIZE = 186
MINIMA = 64
RUN = 3
"""Words of a run; a shorter text is one run."""


def signature(text: str, images: Sequence[bytes]) -> Signature:
    """The signature of a row. Raises ``DataError`` for an image that cannot be read."""
    import numpy as np

    spoken = words(text)
    seen = [look(image) for image in images]
    worded = _digest("\n".join([*spoken, signs(text)]).encode())
    pictured = _digest(b"".join(picture.pixels for picture in seen))
    deciding = _digest("\n".join(decisive(text)).encode())
    looks = np.zeros(4, dtype=np.uint64)
    for index, picture in enumerate(seen):
        if picture.grey is not None:
            looks ^= _turned(_looks(picture.grey), index)
    count = bytes([min(len(seen), 255), int(all(picture.grey is not None for picture in seen))])
    return worded + pictured + deciding + count + minima(spoken).tobytes() + looks.tobytes()


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=8).digest()


def minima(text: Sequence[str]) -> NDArray[np.uint16]:
    """The MinHash of a text's words, of shape (MINIMA,)."""
    import numpy as np

    coded = codes(text)
    own = np.unique(runs(coded, min(RUN, max(1, len(coded)))))
    if not len(own):
        return np.zeros(MINIMA, dtype=np.uint16)
    factors, terms = _permutations()
    mixed = own[:, None] * factors + terms
    mixed ^= mixed >> np.uint64(32)
    least: NDArray[np.uint64] = (mixed * factors).min(axis=0)
    return (least >> np.uint64(13)).astype(np.uint16)


@cache
def _permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Odd factors and terms, the same everywhere."""
    import numpy as np

    drawn = [hashlib.blake2b(f"s1m {index}".encode(), digest_size=16).digest() for index in range(MINIMA)]
    pairs = np.frombuffer(b"".join(drawn), dtype=np.uint64).reshape(MINIMA, 2)
    return pairs[:, 0] | np.uint64(1), pairs[:, 1]


def _looks(grey: Image) -> NDArray[np.uint64]:
    """256 bits: the hashes of the trimmed picture and of its middle."""
    import numpy as np

    left, top, right, bottom = content_box(grey)
    wide, high = (right - left) / 8, (bottom - top) / 8
    middle = (left + wide, top + high, right - wide, bottom - high)
    return np.concatenate([difference_hash(grey, (left, top, right, bottom)), difference_hash(grey, middle)])


def _turned(bits: NDArray[np.uint64], index: int) -> NDArray[np.uint64]:
    """Every number's bits rotated by the index of its image, so that the order of images counts."""
    import numpy as np

    by = np.uint64(index % 64)
    return (bits << by) | (bits >> (np.uint64(64) - by)) if index % 64 else bits
