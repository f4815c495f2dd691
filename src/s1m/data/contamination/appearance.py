"""What a picture looks like, in numbers that survive another size, another encoding, grey and white borders.

A picture becomes a small grey one on white; its borders of one colour can be trimmed; a *hash* of 128 bits says where
it gets brighter from left to right and from top to bottom (the difference hash of N. Krawetz, in both directions).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from s1m.errors import DataError
from s1m.files.images import ImageError, picture_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a picture."""

SMALL = 256
"""Pixels of the longer side at which pictures are looked at."""
PLAIN = 16
"""Pixels of either side under which a picture shows too little: icons and bullets."""
SHADE = 24
"""Grey levels from the border's from which a pixel is content: the noise of JPEG at quality 15 is smaller."""
FAINT = 5.0
"""Standard deviation of the grey levels under which a picture is blank."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """A picture: the digest of its pixels (16 bytes), and itself, small and grey, None where it shows nothing."""

    pixels: bytes
    grey: Image | None


@lru_cache(maxsize=16)  # a row's pictures are looked at for its signature, then for benchmarks
def look(encoded: bytes) -> Look:
    """What an encoded picture shows, its own rotation applied. Raises ``DataError`` when it cannot be read."""
    try:
        picture = picture_of(encoded)
    except ImageError as error:
        raise DataError(f"an image cannot be read: it {error}") from None
    size = f"{picture.width}x{picture.height}:".encode()
    digest = hashlib.blake2b(size + picture.tobytes(), digest_size=16).digest()
    return Look(pixels=digest, grey=_small(picture))


def _small(picture: Image) -> Image | None:
    import numpy as np
    from PIL import Image

    if min(picture.size) < PLAIN:
        return None
    scale = SMALL / max(picture.size)
    size = (max(PLAIN, round(picture.width * scale)), max(PLAIN, round(picture.height * scale)))
    # BOX averages all pixels, so that a thin line stays; enlarging by it would only repeat them.
    grey = picture.convert("L").resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    return None if np.asarray(grey).std() < FAINT else grey


def edge_shade(grey: Image) -> int:
    """The median grey level along the four edges."""
    import numpy as np

    shades = np.asarray(grey)
    return int(np.median(np.concatenate([shades[0], shades[-1], shades[:, 0], shades[:, -1]])))


def content_box(grey: Image) -> Box:
    """Left, top, right and bottom of what is not border: the whole picture where its edges are of several colours."""
    import numpy as np

    # int16: differences of uint8 wrap around, and a darker pixel would seem far brighter.
    inked = np.abs(np.asarray(grey).astype(np.int16) - edge_shade(grey)) > SHADE
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    if len(rows) < 4 or len(columns) < 4:
        return (0, 0, grey.width, grey.height)
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def tiny(grey: Image, box: Box) -> NDArray[np.uint8]:
    """The part of a picture within ``box`` at 9 x 9 pixels, from which its hash is made."""
    import numpy as np
    from PIL import Image

    return np.asarray(grey.resize((9, 9), Image.Resampling.BOX, box=box))


def difference_hash(grey: Image, box: Box) -> NDArray[np.uint64]:
    """128 bits, of shape (2,), for the part of a picture within ``box``: at 64 points, whether it gets brighter to the
    right, and whether it gets brighter downwards.
    """
    return hash_of(tiny(grey, box))


def hash_of(shades: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """``difference_hash`` of a part that is 9 x 9 pixels already."""
    import numpy as np

    levels = shades.astype(np.int16)
    right, down = levels[:8, 1:] - levels[:8, :8], levels[1:, :8] - levels[:8, :8]
    # More than 1: flat areas of a JPEG file differ by 1, and would give random bits.
    return np.packbits(np.stack([right, down]) > 1).view(np.uint64)
