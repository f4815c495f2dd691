"""All examples of all sources as one sequence: rows stay on disk, images encoded, until one is asked for.

examples = load_examples(settings.data, seed=settings.seed, delimiters=settings.delimiters)
examples[7]            an Example with its images
examples.outline(7)    the same with their sizes instead: nothing is read but the first bytes of each
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, overload

from s1m.datasets.example import Example
from s1m.datasets.formats import Draft, pick_format, read_row
from s1m.datasets.made import MADE, made_rows
from s1m.datasets.open import open_rows
from s1m.datasets.responses import Delimiters
from s1m.datasets.rows import Rows
from s1m.datasets.source import Source
from s1m.files.paths import Roots, allowed_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Drafts(Protocol):
    """Conversations of one source by row."""

    def __len__(self) -> int: ...

    def draft(self, number: int) -> Draft:
        """The conversation of a row. Raises ``Unusable`` for a row of which none can be made."""
        ...

    def place(self, number: int) -> str:
        """Where a row stands, for people."""
        ...


@dataclass(frozen=True, kw_only=True)
class FormattedRows:
    """The first ``count`` rows of files or a dataset, in a known format."""

    rows: Rows
    format: str
    delimiters: Delimiters
    count: int
    outside: Path | None = None
    """The folder outside that of a file which its paths may lead to."""

    def __len__(self) -> int:
        return self.count

    def draft(self, number: int) -> Draft:
        """The conversation of a row."""
        roots = Roots(self.rows.place(number)[1], self.outside)
        return read_row(self.rows.row(number), self.format, self.delimiters, roots)

    def place(self, number: int) -> str:
        """Where a row stands."""
        return self.rows.place(number)[0]


class Examples(Sequence[Example]):
    """Examples of some sources, each as often as its weight says. Small when pickled."""

    def __init__(self, names: Sequence[str], drafts: Sequence[Drafts], picked: Sequence[NDArray[np.int64]]) -> None:
        """``picked[i]`` are the rows of source ``i`` that are used, in order; one that is used twice is there twice."""
        import numpy as np

        self.names = tuple(names)
        """The sources, as the settings have them."""
        self._drafts = tuple(drafts)
        self._rows = np.concatenate(picked)
        self.sources = np.repeat(np.arange(len(picked)), [len(rows) for rows in picked])
        """Which of the sources each example is from."""

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> list[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | list[Example]:
        """An example with its images. Raises ``Unusable`` for a row of which none can be made."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        draft = self._draft(index)
        images = tuple(image.read() for image in draft.images)
        return Example(id=self.place(index), turns=draft.turns, images=images, facts=draft.facts)

    def outline(self, index: int) -> Example:
        """An example with the sizes of its images instead of the images. Raises ``Unusable`` as ``[index]`` does."""
        draft = self._draft(index)
        sizes = tuple(image.size() for image in draft.images)
        return Example(id=self.place(index), turns=draft.turns, sizes=sizes, facts=draft.facts)

    def place(self, index: int) -> str:
        """Where an example stands, for people: ``traces.parquet row 1``."""
        return self._drafts[self.source(index)].place(int(self._rows[index]))

    def source(self, index: int) -> int:
        """Which of the sources an example is from."""
        return int(self.sources[index])

    def _draft(self, index: int) -> Draft:
        return self._drafts[self.source(index)].draft(int(self._rows[index]))


def load_examples(sources: Sequence[Source], *, seed: int, delimiters: Delimiters) -> Examples:
    """The examples of all sources, one source after the other, thinking between these delimiters.

    Raises ``UsageError`` or ``DataError`` for a source that is missing, cannot be read or has no known columns.
    """
    drafts = [open_drafts(source, seed, delimiters) for source in sources]
    picked = [
        pick_rows(len(some), source.weight, (seed, place))
        for place, (some, source) in enumerate(zip(drafts, sources, strict=True))
    ]
    return Examples([source.path for source in sources], drafts, picked)


def is_made(source: Source) -> bool:
    """Whether the examples of a source are made on the spot."""
    return source.path in MADE


def open_drafts(source: Source, seed: int, delimiters: Delimiters) -> Drafts:
    """The conversations of a source."""
    if is_made(source):
        return made_rows(source.path, source.rows, seed, delimiters)
    rows = open_rows(source)
    return FormattedRows(
        rows=rows,
        format=pick_format(source.format, rows.columns, source.path),
        delimiters=delimiters,
        count=min(len(rows), source.rows or len(rows)),
        outside=allowed_folder(source.allow_outside),
    )


def pick_rows(count: int, weight: float, seed: Sequence[int]) -> NDArray[np.int64]:
    """Rows of a source that has ``count``, each ``weight`` times on average.

    The whole part of the weight is how often every row is there; a row is there once more with the probability that is
    left, by a draw of its own.
    """
    import numpy as np

    whole = int(weight)
    extra = np.random.default_rng(seed).random(count) < weight - whole
    return np.repeat(np.arange(count), whole + extra)
