"""How alike two pictures are when one is laid over a part of the other, the edges of that part moved to fit best.

Hashes name candidates; this decides. Pictures are compared at 24 x 24 grey levels: coarse enough for another size,
JPEG and a rotation that is off by half a degree, fine enough that another drawing of the same kind differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

VIEW = 24
"""Pixels along both sides at which two pictures are compared."""
BLOCK = 6
"""Pixels along both sides of the areas that must each agree."""
STEPS = (0.04, 0.02, 0.01)
"""By how much of a picture's side an edge is moved."""
PASSES = 3
"""Times that every edge is tried with one step."""
# One edge at a time, not all four: 8 comparisons a pass where their combinations would be 80.
_MOVES = tuple((edge, move) for edge in range(4) for move in (-1, 1))
SMALLEST = 0.4
"""Fraction of a picture's side that must be left."""
STRAIGHT = 0.97
"""Fraction of a picture in its two first singular values from which it is a few straight lines."""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike a picture and one of a benchmark are, as well as they can be laid over each other.

    ``correlation`` of their grey levels, 1 at best; ``worst``: the mean squared difference, in units of the variance,
    of the area that agrees least; ``stretch``: the natural logarithm of the ratio of their ratios of width to height.
    ``straight``: one of both is a few straight lines. ``name``: what was undone before, empty for nothing.
    """

    picture: int
    correlation: float
    worst: float
    stretch: float
    straight: bool
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The best position of a view on a picture: ``edges`` left, top, right, bottom in fractions of the sides."""

    correlation: float
    worst: float
    edges: tuple[float, ...]


def is_straight(thumb: NDArray[np.uint8]) -> bool:
    """Whether a picture is a few straight lines (a grid, a box): such pictures look like a hundred others."""
    import numpy as np

    strength = np.linalg.svd(thumb - thumb.mean(dtype=np.float32), compute_uv=False) ** 2
    return bool(strength[:2].sum() >= STRAIGHT * strength.sum())


def shown(thumb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A rendered picture at VIEW x VIEW pixels, of mean 0 and sum of squares 1, ready to be compared."""
    import numpy as np
    from PIL import Image

    return _normal(np.asarray(Image.fromarray(thumb).resize((VIEW, VIEW), Image.Resampling.BILINEAR)))


def correlation(thumb: Image, edges: Sequence[float], view: NDArray[np.float32]) -> float:
    """That of a view with the part of a picture within ``edges``."""
    import numpy as np

    return float(np.vdot(_part(thumb, edges), view))


def fitted(thumb: Image, edges: Sequence[float], view: NDArray[np.float32]) -> Fit:
    """The best correlation, and where the edges are for it: each is moved as long as that helps, by less and less."""
    best, placed = correlation(thumb, edges, view), list(edges)
    for step in STEPS:
        for _ in range(PASSES):
            before = best
            for edge, move in _MOVES:
                moved = placed.copy()
                moved[edge] = min(1.0, max(0.0, moved[edge] + move * step))
                if min(moved[2] - moved[0], moved[3] - moved[1]) < SMALLEST:
                    continue
                better = correlation(thumb, moved, view)
                if better > best:
                    best, placed = better, moved
            if best == before:  # another pass would try the same moves again
                break
    return Fit(correlation=best, worst=_worst(thumb, placed, view), edges=tuple(placed))


def _normal(shades: NDArray[np.uint8]) -> NDArray[np.float32]:
    import numpy as np

    level = shades.astype(np.float32)
    level -= level.mean()
    # 1e-3: a part of one colour has no variance to divide by, and then correlates with nothing.
    return level / np.float32(np.sqrt(np.vdot(level, level)) + 1e-3)


def _part(thumb: Image, edges: Sequence[float]) -> NDArray[np.float32]:
    import numpy as np
    from PIL import Image

    side = thumb.width
    # Pillow raises ValueError for a box that rounding has pushed beyond the picture.
    box = (edges[0] * side, edges[1] * side, min(1.0, edges[2]) * side, min(1.0, edges[3]) * side)
    # The box of resize may cut through pixels; crop would round it, and moves of 1 % are less than one of 64 pixels.
    return _normal(np.asarray(thumb.resize((VIEW, VIEW), Image.Resampling.BILINEAR, box=box)))


def _worst(thumb: Image, edges: Sequence[float], view: NDArray[np.float32]) -> float:
    apart = (_part(thumb, edges) - view) ** 2 * (VIEW * VIEW)
    count = VIEW // BLOCK
    return float(apart.reshape(count, BLOCK, count, BLOCK).mean(axis=(1, 3)).max())
