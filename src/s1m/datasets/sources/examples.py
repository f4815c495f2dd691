"""All examples of all sources as one sequence: rows stay on disk, images encoded, until an example is read.

examples = load_examples(settings.data, seed=settings.seed, delimiters=settings.delimiters)
examples[7]            an Example with its images
examples.outline(7)    the same with their sizes instead: only the first bytes of each are read
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, overload

from s1m.datasets.example import Example
from s1m.datasets.formats import Draft, pick_format, read_row
from s1m.datasets.source import Source
from s1m.datasets.sources.generated import GENERATORS, generated_rows
from s1m.datasets.sources.open import open_rows
from s1m.datasets.sources.rows import Rows
from s1m.families import Delimiters
from s1m.files.paths import Roots, allowed_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Drafts(Protocol):
    """Conversations of one source by row."""

    def __len__(self) -> int: ...

    def draft(self, number: int) -> Draft:
        """The conversation of a row. Raises ``Unusable`` for a row that cannot become one."""
        ...

    def location(self, number: int) -> str:
        """File and number of a row, for messages."""
        ...


@dataclass(frozen=True, kw_only=True)
class FormattedRows:
    """The first ``count`` rows of files or a dataset."""

    rows: Rows
    format: str
    """A format by name, or ``auto``: every row by its own columns."""
    delimiters: Delimiters
    count: int
    outside: Path | None = None
    """The folder outside that of a file which its paths may lead to."""

    def __len__(self) -> int:
        return self.count

    def draft(self, number: int) -> Draft:
        """The conversation of a row."""
        roots = Roots(self.rows.location(number)[1], self.outside)
        return read_row(self.rows.row(number), self.format, self.delimiters, roots)

    def location(self, number: int) -> str:
        """File and number of a row."""
        return self.rows.location(number)[0]


class Examples(Sequence[Example]):
    """Examples of some sources, each as often as its weight says. Small when pickled."""

    def __init__(self, names: Sequence[str], drafts: Sequence[Drafts], picked: Sequence[NDArray[np.int64]]) -> None:
        """``picked[i]`` are the rows of source ``i`` that are used, in order and as often as they are used."""
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
        """An example with its images. Raises ``Unusable`` for a row that cannot become one."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        draft = self._draft(index)
        images = tuple(image.read() for image in draft.images)
        return Example(id=self.location(index), turns=draft.turns, images=images, facts=draft.facts)

    def outline(self, index: int) -> Example:
        """An example with the sizes of its images instead of the images. Raises ``Unusable`` as ``[index]`` does."""
        draft = self._draft(index)
        sizes = tuple(image.size() for image in draft.images)
        return Example(id=self.location(index), turns=draft.turns, sizes=sizes, facts=draft.facts)

    def location(self, index: int) -> str:
        """File and number of an example's row, for messages: ``traces.parquet row 1``."""
        return self._drafts[self.source(index)].location(int(self._rows[index]))

    def source(self, index: int) -> int:
        """Which of the sources an example is from."""
        return int(self.sources[index])

    def _draft(self, index: int) -> Draft:
        return self._drafts[self.source(index)].draft(int(self._rows[index]))


def load_examples(sources: Sequence[Source], *, seed: int, delimiters: Delimiters, form: str = "") -> Examples:
    """The examples of all sources, one source after the other, thinking between these delimiters.

    ``form`` is the format of all of them, whatever the sources say.

    Raises ``UsageError`` or ``DataError`` for a source that is missing, cannot be read or has no known columns.
    """
    drafts = [open_drafts(source, seed, delimiters, form) for source in sources]
    picked = [
        pick_rows(len(rows), source.weight, (seed, number))
        for number, (rows, source) in enumerate(zip(drafts, sources, strict=True))
    ]
    return Examples([source.path for source in sources], drafts, picked)


def is_generated(source: Source) -> bool:
    """Whether the examples of a source are generated on the fly."""
    return source.path in GENERATORS


def open_drafts(source: Source, seed: int, delimiters: Delimiters, form: str = "") -> Drafts:
    """The conversations of a source; ``form`` is the format of its rows, whatever the source says."""
    if is_generated(source):
        return generated_rows(source.path, source.rows, seed, delimiters)
    rows, form = open_rows(source), form or source.format
    pick_format(form, rows.columns, source.path)  # raises at once for a source of unknown columns
    return FormattedRows(
        rows=rows,
        format=form,
        delimiters=delimiters,
        count=min(len(rows), source.rows or len(rows)),
        outside=allowed_folder(source.allow_outside),
    )


def pick_rows(count: int, weight: float, seed: Sequence[int]) -> NDArray[np.int64]:
    """Rows of a source that has ``count``, each ``weight`` times on average.

    Every row appears as often as the whole part of the weight says, and once more with the probability that remains,
    drawn for each row by itself.
    """
    import numpy as np

    whole = int(weight)
    extra = np.random.default_rng(seed).random(count) < weight - whole
    return np.repeat(np.arange(count), whole + extra)
