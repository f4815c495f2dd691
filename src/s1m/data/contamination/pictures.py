"""The pictures of benchmarks, to find the one that a picture was made from.

The same pixels are the same picture. Else hashes of every picture, whole, trimmed and cropped in 17 ways, name the ones
that it may be a part of; each of these is laid over it, its edges moved until both agree best, and what is left between
them decides. A drawing of a few straight lines (a grid, a box) looks like many others: alone it is no evidence.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.data.contamination.appearance import Box, Look, content_box, difference_hash, look

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

THUMB = 64
"""Pixels along both sides of the picture that is kept."""
VIEW = 24
"""Pixels along both sides at which two pictures are compared."""
BLOCK = 6
"""Pixels along both sides of the parts of it that must each agree."""
CUTS = ((0.0,) * 4, *itertools.product((0.03, 0.08), repeat=4))
"""Shares cut off left, top, right and bottom."""
FAR = 26
"""Bits of 128 in which hashes of the same picture differ at most."""
CLOSEST = 8
"""Pictures that are compared with one."""
TRIED = 3
"""Pictures whose edges are moved."""
HOPELESS = 0.5
"""Correlation before the edges are moved under which it is not tried."""
STEPS = (0.04, 0.02, 0.01)
"""By how much of a picture's side an edge is moved."""
SMALLEST = 0.4
"""Share of a picture's side that must be left."""
STRAIGHT = 0.97
"""Share of a picture in its two first singular values from which it is a few straight lines."""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike a picture and one of a benchmark are, as well as they can be laid over each other.

    ``correlation`` of their grey levels, 1 at best; ``worst``: the mean squared difference, in units of the variance,
    of the part that agrees least; ``stretch``: the natural logarithm of the ratio of their ratios of width to height.
    ``straight``: one of both is a few straight lines.
    """

    picture: int
    correlation: float
    worst: float
    stretch: float
    straight: bool


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures as arrays; several may be of one problem."""

    problems: NDArray[np.int64]
    """Of which problem each picture is."""
    files: NDArray[np.uint8]
    """Digests of the encoded files, (pictures, 16)."""
    pixels: NDArray[np.uint8]
    """Digests of the pixels, (pictures, 16)."""
    thumbs: NDArray[np.uint8]
    """The pictures, grey, (pictures, THUMB, THUMB)."""
    ratios: NDArray[np.float32]
    """Width over height."""
    straight: NDArray[np.bool_]
    """Whether a picture is a few straight lines."""
    hashes: NDArray[np.uint64]
    """Of parts of the pictures, (parts, 2), those of a picture one after the other."""
    owners: NDArray[np.int32]
    """Of which picture each part is."""
    boxes: NDArray[np.float32]
    """Which part it is, in shares of the sides, (parts, 4)."""

    @classmethod
    def build(cls, images: Iterable[tuple[int, bytes]]) -> Pictures:
        """Of the images of problems, each with the number of its problem. Raises ``DataError`` for a broken one."""
        import numpy as np

        entries = [_entry(problem, image) for problem, image in images]
        return cls(
            problems=np.array([entry.problem for entry in entries], dtype=np.int64),
            files=_stack([entry.file for entry in entries]),
            pixels=_stack([entry.pixels for entry in entries]),
            thumbs=np.array([entry.thumb for entry in entries], dtype=np.uint8).reshape(-1, THUMB, THUMB),
            ratios=np.array([entry.ratio for entry in entries], dtype=np.float32),
            straight=np.array([_straight(entry.thumb) for entry in entries], dtype=np.bool_),
            hashes=np.concatenate([np.zeros((0, 2), np.uint64), *(entry.hashes for entry in entries)]),
            owners=np.repeat(np.arange(len(entries), dtype=np.int32), [len(entry.hashes) for entry in entries]),
            boxes=np.concatenate([np.zeros((0, 4), np.float32), *(entry.boxes for entry in entries)]),
        )

    def same_file(self, image: bytes) -> int | None:
        """The picture whose file is this one, to the last byte."""
        return _find(self.files, _digest(image))

    def same_pixels(self, seen: Look) -> int | None:
        """The picture with the same pixels."""
        return _find(self.pixels, seen.pixels)

    def nearest(self, seen: Look, problem: int | None = None) -> list[Likeness]:
        """The pictures of which this may be a part, most alike first; of one problem only, where it is given."""
        if seen.grey is None or not len(self.hashes):
            return []
        own = None if problem is None else self._parts_of(problem)
        views = {(0.0, 0.0, float(seen.grey.width), float(seen.grey.height)), content_box(seen.grey)}
        found = [one for box in sorted(views) for one in self._laid_over(seen.grey, box, own)]
        return sorted(found, key=lambda one: (-one.correlation, one.picture))

    def _parts_of(self, problem: int) -> NDArray[np.int64]:
        import numpy as np

        return np.flatnonzero(self.problems[self.owners] == problem)

    def _laid_over(self, grey: Image, box: Box, own: NDArray[np.int64] | None) -> Iterator[Likeness]:
        import numpy as np
        from PIL import Image

        small = np.asarray(grey.resize((THUMB, THUMB), Image.Resampling.BOX, box=box))
        view = Image.fromarray(small).resize((VIEW, VIEW), Image.Resampling.BILINEAR)
        shown = _normal(np.asarray(view))
        ratio = (box[2] - box[0]) / (box[3] - box[1])
        plain = _straight(small)
        tried = []
        for part in self._closest(difference_hash(grey, box), own):
            thumb = Image.fromarray(self.thumbs[self.owners[part]])
            correlation = _correlation(thumb, self.boxes[part].tolist(), shown)
            if correlation >= HOPELESS:
                tried.append((correlation, part, thumb))
        for _, part, thumb in sorted(tried, key=lambda one: (-one[0], one[1]))[:TRIED]:
            picture = int(self.owners[part])
            correlation, edges = _fitted(thumb, self.boxes[part].tolist(), shown)
            laid = (edges[2] - edges[0]) * float(self.ratios[picture]) / (edges[3] - edges[1])
            yield Likeness(
                picture=picture,
                correlation=correlation,
                worst=_worst(thumb, edges, shown),
                stretch=abs(float(np.log(ratio / laid))),
                straight=plain or bool(self.straight[picture]),
            )

    def _closest(self, hashed: NDArray[np.uint64], own: NDArray[np.int64] | None) -> list[int]:
        """The nearest part of each of the nearest pictures."""
        import numpy as np

        parts = self.hashes if own is None else self.hashes[own]
        bits = np.bitwise_count(parts ^ hashed)
        apart = bits[:, 0] + bits[:, 1]
        near = np.arange(len(parts)) if own is not None else np.flatnonzero(apart <= FAR)
        near = near[np.argsort(apart[near], kind="stable")]
        places = near if own is None else own[near]
        _, first = np.unique(self.owners[places], return_index=True)
        return [int(part) for part in places[np.sort(first)[:CLOSEST]]]


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _stack(digests: Sequence[bytes]) -> NDArray[np.uint8]:
    import numpy as np

    return np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 16)


def _find(digests: NDArray[np.uint8], digest: bytes) -> int | None:
    import numpy as np

    wanted = np.frombuffer(digest, dtype=np.uint64)
    places = np.flatnonzero((np.ascontiguousarray(digests).view(np.uint64) == wanted).all(axis=1))
    return int(places[0]) if len(places) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """What is kept of a picture."""

    problem: int
    file: bytes
    pixels: bytes
    thumb: NDArray[np.uint8]
    ratio: float
    hashes: NDArray[np.uint64]
    boxes: NDArray[np.float32]


def _entry(problem: int, image: bytes) -> _Entry:
    """A blank picture is kept without digests: it is the same as every other."""
    import numpy as np
    from PIL import Image

    seen = look(image)
    if seen.grey is None:
        thumb = np.zeros((THUMB, THUMB), np.uint8)
        none = np.zeros((0, 2), np.uint64), np.zeros((0, 4), np.float32)
        return _Entry(
            problem=problem, file=bytes(16), pixels=bytes(16), thumb=thumb, ratio=1.0, hashes=none[0], boxes=none[1]
        )
    parts = list(_parts(seen.grey))
    return _Entry(
        problem=problem,
        file=_digest(image),
        pixels=seen.pixels,
        thumb=np.asarray(seen.grey.resize((THUMB, THUMB), Image.Resampling.BOX)),
        ratio=seen.grey.width / seen.grey.height,
        hashes=np.array([hashed for hashed, _ in parts], dtype=np.uint64),
        boxes=np.array([box for _, box in parts], dtype=np.float32),
    )


def _straight(thumb: NDArray[np.uint8]) -> bool:
    import numpy as np

    strength = np.linalg.svd(thumb - thumb.mean(dtype=np.float32), compute_uv=False) ** 2
    return bool(strength[:2].sum() >= STRAIGHT * strength.sum())


def _parts(grey: Image) -> Iterator[tuple[NDArray[np.uint64], Box]]:
    """Hashes of parts of a picture, cut and trimmed, with their places."""
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


def _normal(shades: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey levels of mean 0 and sum of squares 1."""
    import numpy as np

    level = shades.astype(np.float32)
    level -= level.mean()
    return level / np.float32(np.sqrt(np.vdot(level, level)) + 1e-3)


def _part(thumb: Image, edges: Sequence[float]) -> NDArray[np.float32]:
    import numpy as np
    from PIL import Image

    box = (edges[0] * THUMB, edges[1] * THUMB, min(1.0, edges[2]) * THUMB, min(1.0, edges[3]) * THUMB)
    return _normal(np.asarray(thumb.resize((VIEW, VIEW), Image.Resampling.BILINEAR, box=box)))


def _correlation(thumb: Image, edges: Sequence[float], shown: NDArray[np.float32]) -> float:
    import numpy as np

    return float(np.vdot(_part(thumb, edges), shown))


def _fitted(thumb: Image, edges: list[float], shown: NDArray[np.float32]) -> tuple[float, list[float]]:
    """The best correlation, and where the edges are for it: each is moved as long as that helps, by less and less."""
    best = _correlation(thumb, edges, shown)
    for step in STEPS:
        for edge, move in [(edge, move) for _ in range(3) for edge in range(4) for move in (-step, step)]:
            moved = edges.copy()
            moved[edge] = min(1.0, max(0.0, moved[edge] + move))
            if min(moved[2] - moved[0], moved[3] - moved[1]) < SMALLEST:
                continue
            correlation = _correlation(thumb, moved, shown)
            if correlation > best:
                best, edges = correlation, moved
    return best, edges


def _worst(thumb: Image, edges: Sequence[float], shown: NDArray[np.float32]) -> float:
    apart = (_part(thumb, edges) - shown) ** 2 * (VIEW * VIEW)
    count = VIEW // BLOCK
    return float(apart.reshape(count, BLOCK, count, BLOCK).mean(axis=(1, 3)).max())
