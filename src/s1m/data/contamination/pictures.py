"""The pictures of benchmarks, to find the one that a picture was made from.

The same pixels are the same picture. Else hashes of every picture, whole, trimmed and cropped in 17 ways, name the ones
that it may be a part of; each of these is laid over it (``overlay``), and what is left between them decides. Where that
finds none, the picture is searched for as what it may have been before: mirrored, turned, inverted, rotated, or beside
another one (``views``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from s1m.data.contamination.appearance import Look
from s1m.data.contamination.entry import digest, entry_of, stacked
from s1m.data.contamination.overlay import Likeness, correlation, fitted, is_straight, shown
from s1m.data.contamination.views import THUMB, View, altered_views, plain_views, straightened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

CLOSEST = 8
"""Pictures that are compared with one."""
CLOSEST_ALTERED = 16
"""Pairs of a view and a picture that are compared, for all altered views together."""
TRIED = 3
"""Pictures whose edges are moved."""
HOPELESS = 0.5
"""Correlation before the edges are moved under which it is not tried."""
HOPELESS_ALTERED = 0.6
"""The same for altered views: their parts are whole pictures, so that edges have little to move."""


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

        entries = [entry_of(problem, image) for problem, image in images]
        return cls(
            problems=np.array([entry.problem for entry in entries], dtype=np.int64),
            files=stacked([entry.file for entry in entries]),
            pixels=stacked([entry.pixels for entry in entries]),
            thumbs=np.array([entry.thumb for entry in entries], dtype=np.uint8).reshape(-1, THUMB, THUMB),
            ratios=np.array([entry.ratio for entry in entries], dtype=np.float32),
            straight=np.array([is_straight(entry.thumb) for entry in entries], dtype=np.bool_),
            hashes=np.concatenate([np.zeros((0, 2), np.uint64), *(entry.hashes for entry in entries)]),
            owners=np.repeat(np.arange(len(entries), dtype=np.int32), [len(entry.hashes) for entry in entries]),
            boxes=np.concatenate([np.zeros((0, 4), np.float32), *(entry.boxes for entry in entries)]),
        )

    def same_file(self, image: bytes) -> int | None:
        """The picture whose file is this one, to the last byte."""
        return _find(self.files, digest(image))

    def same_pixels(self, seen: Look) -> int | None:
        """The picture with the same pixels."""
        return _find(self.pixels, seen.pixels)

    def nearest(self, seen: Look, problem: int | None = None) -> list[Likeness]:
        """The pictures of which this may be a part, most alike first; of one problem only, where it is given."""
        if seen.grey is None or not len(self.hashes):
            return []
        own = None if problem is None else self._parts_of(problem)
        liked = (self._compared(view, self._closest(view, own)) for view in plain_views(seen.grey))
        return sorted(chain.from_iterable(liked), key=_most_alike)

    def nearest_altered(self, seen: Look) -> list[Likeness]:
        """The pictures that this shows mirrored, turned, inverted, rotated or beside another, most alike first.

        Only whole pictures and trimmed ones are compared, no cropped ones: 2 hashes a picture instead of 34.
        """
        if seen.grey is None or not len(self.hashes):
            return []
        pairs = [(*pair, view) for view in altered_views(seen.grey) for pair in self._whole_near(view)]
        pairs.sort(key=lambda pair: pair[:2])
        started = [(self._correlation(view, part), part, view) for _, part, view in pairs[:CLOSEST_ALTERED]]
        hopeful = [guess for guess in started if guess[0] >= HOPELESS_ALTERED]
        hopeful.sort(key=lambda guess: (-guess[0], guess[1]))
        liked: list[Likeness] = []
        for _, part, view in hopeful[:TRIED]:
            liked += self._compared(self._straightest(view, part), [part])
        return sorted(liked, key=_most_alike)

    def _parts_of(self, problem: int) -> NDArray[np.int64]:
        import numpy as np

        return np.flatnonzero(self.problems[self.owners] == problem)

    def _thumb(self, part: int) -> Image:
        from PIL import Image

        return Image.fromarray(self.thumbs[self.owners[part]])

    def _correlation(self, view: View, part: int) -> float:
        return correlation(self._thumb(part), self.boxes[part].tolist(), shown(view.thumb()))

    def _compared(self, view: View, parts: Sequence[int]) -> Iterator[Likeness]:
        """A view laid over some parts of pictures, over those that correlate with it best."""
        import numpy as np

        thumb = view.thumb()
        small, plain = shown(thumb), is_straight(thumb)
        started = [(correlation(self._thumb(part), self.boxes[part].tolist(), small), part) for part in parts]
        hopeful = sorted((-start, part) for start, part in started if start >= HOPELESS)
        for _, part in hopeful[:TRIED]:
            picture = int(self.owners[part])
            fit = fitted(self._thumb(part), self.boxes[part].tolist(), small)
            left, top, right, bottom = fit.edges
            ratio = (right - left) * float(self.ratios[picture]) / (bottom - top)
            yield Likeness(
                picture=picture,
                correlation=fit.correlation,
                worst=fit.worst,
                stretch=abs(float(np.log(view.ratio / ratio))),
                straight=plain or bool(self.straight[picture]),
                name=view.name,
            )

    def _closest(self, view: View, own: NDArray[np.int64] | None) -> list[int]:
        """The nearest part of each of the nearest pictures."""
        import numpy as np

        parts = self.hashes if own is None else self.hashes[own]
        bits = np.bitwise_count(parts ^ view.hash)
        apart = bits[:, 0] + bits[:, 1]
        near = np.arange(len(parts)) if own is not None else np.flatnonzero(apart <= view.far)
        # np.unique gives the first index of each owner: after this sort that is its nearest part. Sorting these indices
        # brings the pictures back into the order of nearness. Stable, so that ties fall alike on every machine.
        near = near[np.argsort(apart[near], kind="stable")]
        indices = near if own is None else own[near]
        _, first = np.unique(self.owners[indices], return_index=True)
        return [int(part) for part in indices[np.sort(first)[:CLOSEST]]]

    @cached_property
    def _whole(self) -> NDArray[np.int64]:
        """The parts that are a whole picture, or one without its borders: the first two of each."""
        import numpy as np

        _, first = np.unique(self.owners, return_index=True)
        return np.sort(np.concatenate([first, first + 1]))

    @cached_property
    def _whole_hashes(self) -> NDArray[np.uint64]:
        """Of shape (2, parts): a contiguous row of each half is compared twice as fast."""
        import numpy as np

        return np.ascontiguousarray(self.hashes[self._whole].T)

    def _whole_near(self, view: View) -> list[tuple[int, int]]:
        """By how many bits whole pictures are apart from a view, with the nearer part of each that is near."""
        import numpy as np

        left, right = (np.bitwise_count(half ^ own) for half, own in zip(self._whole_hashes, view.hash, strict=True))
        apart = left + right
        nearest: dict[int, tuple[int, int]] = {}
        for index in np.flatnonzero(apart <= view.far).tolist():
            part = int(self._whole[index])
            pair = (int(apart[index]), part)
            owner = int(self.owners[part])
            nearest[owner] = min(nearest.get(owner, pair), pair)
        return list(nearest.values())

    def _straightest(self, view: View, part: int) -> View:
        """A view as it is; one that was rotated back, by the angle around its own that fits best."""
        if view.source is None or not view.degrees:
            return view
        views = [straightened(view.source, view.degrees + move) for move in (0, -1, 1)]
        return max(views, key=lambda candidate: self._correlation(candidate, part))


def _most_alike(likeness: Likeness) -> tuple[float, int]:
    return (-likeness.correlation, likeness.picture)


def _find(digests: NDArray[np.uint8], wanted: bytes) -> int | None:
    import numpy as np

    # 16 bytes as two numbers are compared in one pass; a view of another width needs contiguous rows.
    indices = np.flatnonzero((np.ascontiguousarray(digests).view(np.uint64) == np.frombuffer(wanted, np.uint64)).all(1))
    return int(indices[0]) if len(indices) else None
