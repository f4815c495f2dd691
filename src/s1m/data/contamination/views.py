"""What a picture may have been before it was altered: each guess is a ``View``, to be searched for in an index.

    plain_views(grey)      the picture as it is, whole and without its borders
    altered_views(grey)    mirrored, turned, inverted, rotated back by a few degrees, and each of its parts

A view is cheap until it is rendered: a search reads its hash first, and of some sixty views all but a few end there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.data.contamination.appearance import SHADE, Box, content_box, difference_hash, edge_shade, hash_of, tiny

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

FAR = 26
"""Bits of 128 in which hashes of the same picture differ at most."""
FAR_SYMMETRIC = 16
"""The same for a picture that is only mirrored, turned or inverted: that alone changes no bit."""
DARK = 64
"""Grey levels up to which a surround is dark."""
THUMB = 64
"""Pixels along both sides of a rendered picture."""
ANGLES = (-6, -4, -2, 2, 4, 6)
"""Degrees by which a picture is rotated back: at most 1 degree off, which a hash survives and which is then refined."""
GAPS = 6
"""Empty gaps, the widest first, at which a picture is cut in each direction."""
NARROW = 3
"""Pixels of 256 from which a gap is one."""
PART = 0.2
"""Fraction of the picture's width or height that a part must have: labels and answer choices are smaller."""
THIN = 16
"""Pixels of 256 of the shorter side under which a part shows too little."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of a picture; turned, mirrored and inverted where it says so."""

    grey: Image
    """The picture that it is taken from, rotated back by ``degrees`` already."""
    box: Box
    """Which part of it, in pixels."""
    hash: NDArray[np.uint64]
    """128 bits, of shape (2,)."""
    far: int = FAR
    """Bits in which its hash and that of the same picture differ at most."""
    name: str = ""
    """What the view undoes, in words; empty for the picture as it is."""
    source: Image | None = None
    """Where the picture was rotated back: the one before that, and by how many ``degrees`` against the clock."""
    degrees: float = 0.0
    quarters: int = 0
    mirrored: bool = False
    inverted: bool = False

    @property
    def ratio(self) -> float:
        """Width over height."""
        ratio = (self.box[2] - self.box[0]) / (self.box[3] - self.box[1])
        return 1 / ratio if self.quarters % 2 else ratio

    def thumb(self) -> NDArray[np.uint8]:
        """The view, grey, of shape (THUMB, THUMB)."""
        import numpy as np
        from PIL import Image

        plain = np.asarray(self.grey.resize((THUMB, THUMB), Image.Resampling.BOX, box=self.box))
        return np.ascontiguousarray(_oriented(plain, self.quarters, self.mirrored, self.inverted))


def _oriented(shades: NDArray[np.uint8], quarters: int, mirrored: bool, inverted: bool) -> NDArray[np.uint8]:
    """A square picture mirrored, turned by quarters against the clock, then inverted."""
    import numpy as np

    turned = np.rot90(shades[:, ::-1] if mirrored else shades, quarters)
    return 255 - turned if inverted else turned


def plain_views(grey: Image) -> list[View]:
    """The picture as it is: whole, and within its borders."""
    boxes = sorted({(0.0, 0.0, float(grey.width), float(grey.height)), content_box(grey)})
    return [View(grey=grey, box=box, hash=difference_hash(grey, box)) for box in boxes]


def altered_views(grey: Image) -> Iterator[View]:
    """What the picture may have been, apart from what ``plain_views`` has."""
    boxes = sorted({(0.0, 0.0, float(grey.width), float(grey.height)), content_box(grey)})
    for box in boxes:
        yield from _symmetric(grey, box)
    inside = _without_surround(grey)
    for degrees in (*ANGLES, 0) if inside is not grey else ANGLES:
        yield straightened(inside, degrees, rough=True)
    for box in _part_boxes(grey):
        yield View(grey=grey, box=box, hash=difference_hash(grey, box), name="a part")


def _symmetric(grey: Image, box: Box) -> Iterator[View]:
    """The eight ways to lay a rectangle down, in both polarities; the first of these is the picture as it is."""
    small = tiny(grey, box)
    for quarters in range(4):
        for mirrored in (False, True):
            for inverted in (False, True):
                names = ["mirrored"] * mirrored + [f"turned by {90 * quarters} degrees"] * (quarters > 0)
                if names or inverted:
                    yield View(
                        grey=grey,
                        box=box,
                        hash=hash_of(_oriented(small, quarters, mirrored, inverted)),
                        far=FAR_SYMMETRIC,
                        name=" and ".join(names + ["inverted"] * inverted),
                        quarters=quarters,
                        mirrored=mirrored,
                        inverted=inverted,
                    )


def straightened(source: Image, degrees: float, *, rough: bool = False) -> View:
    """The picture rotated by some degrees against the clock, within its borders; in half the size where ``rough``.

    A rotation is the most expensive step of a search, and at half the size it costs a quarter.
    """
    import numpy as np
    from PIL import Image

    grey = source.reduce(2) if rough and min(source.size) >= 2 * THUMB else source
    corners = sorted(np.asarray(grey)[[0, 0, -1, -1], [0, -1, 0, -1]].tolist())
    turned = grey.rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=corners[1]) if degrees else grey
    box = content_box(turned)
    return View(
        grey=turned,
        box=box,
        hash=difference_hash(turned, box),
        name=f"rotated by {-degrees:g} degrees" if degrees else "framed",
        source=source,
        degrees=degrees,
    )


def _without_surround(grey: Image) -> Image:
    """The picture, its dark frame or the dark corners that a rotation leaves in the colour of what is inside them.

    Rotations fill the corners with black by default. Left there, they would be the borders that are trimmed. A light
    surround needs nothing: it is the background of most drawings, and filling it would swallow them.
    """
    import numpy as np
    from PIL import Image

    shades = np.asarray(grey)
    dark = shades <= DARK
    if not (dark[0, 0] and dark[0, -1] and dark[-1, 0] and dark[-1, -1]):
        return grey
    outside = np.logical_and.accumulate(dark, axis=1)  # dark runs from the left edge, then from the right
    outside |= np.logical_and.accumulate(dark[:, ::-1], axis=1)[:, ::-1]
    inside = shades[~outside]
    if not len(inside) or np.median(inside) <= DARK + SHADE:
        return grey
    return Image.fromarray(np.where(outside, np.uint8(np.median(inside)), shades))


def _part_boxes(grey: Image) -> list[Box]:
    """What lies on either side of the widest gaps, and of the middle, without borders."""
    import numpy as np

    inked = np.abs(np.asarray(grey).astype(np.int16) - edge_shade(grey)) > SHADE
    height, width = inked.shape
    halves: list[tuple[int, int, int, int]] = []
    for at in (width // 2, *_gaps(np.flatnonzero(inked.any(0)))):
        halves += [(0, 0, at, height), (at, 0, width, height)]
    for at in (height // 2, *_gaps(np.flatnonzero(inked.any(1)))):
        halves += [(0, 0, width, at), (0, at, width, height)]
    boxes: dict[Box, None] = {}
    for left, top, right, bottom in halves:
        part = inked[top:bottom, left:right]
        columns, rows = np.flatnonzero(part.any(0)), np.flatnonzero(part.any(1))
        # A part is trimmed as the index trims: with its margins it would be another crop of the same picture.
        if len(columns) and len(rows):
            box = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
            wide, high = box[2] - box[0], box[3] - box[1]
            if min(wide, high) >= THIN and (wide >= PART * width or high >= PART * height):
                boxes[tuple(map(float, box))] = None  # type: ignore[index]
    return list(boxes)


def _gaps(lines: NDArray[np.int64]) -> list[int]:
    """The middles of the widest gaps between the indices of inked lines."""
    import numpy as np

    gaps = np.diff(lines)
    widest = np.argsort(-gaps, kind="stable")[:GAPS]
    return [int(lines[gap] + gaps[gap] // 2) for gap in widest if gaps[gap] > NARROW]
