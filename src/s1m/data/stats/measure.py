"""How long the responses of some sources are, in tokens: by source, and within a source by what a column says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from s1m.datasets.example import Unusable
from s1m.datasets.formats import Row
from s1m.datasets.source import Source, label_of
from s1m.datasets.sources.stream import Stream, open_stream
from s1m.datasets.tokens import TokenCounter
from s1m.files.workers import in_order

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALONE = 8
"""Up to this many batches are counted sooner than other processes have started."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """The lengths of a batch of rows."""

    lengths: Counter[tuple[str, int]]
    """How many rows of a group have which number of tokens."""
    broken: Counter[str]
    """How many rows have no text, by reason."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How long the texts of a source are. Grows with the number of different lengths, not with that of rows."""

    name: str
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)

    @property
    def label(self) -> str:
        """The name by the end of its path; a Hub id as it is."""
        return label_of(self.name)

    @property
    def groups(self) -> list[str]:
        """What the column says in its rows, the commonest first; rows that say nothing are of no group."""
        sizes: Counter[str] = Counter()
        for (group, _), count in self.counts.items():
            sizes[group] += count
        return [group for group, _ in sizes.most_common() if group]

    def lengths(self, group: str | None = None) -> NDArray[np.int64]:
        """Tokens of every text, rising; of one group where it is named."""
        import numpy as np

        chosen = sorted((length, count) for (name, length), count in self.counts.items() if group in (None, name))
        values, counts = zip(*chosen, strict=True) if chosen else ((), ())
        return np.repeat(np.array(values, dtype=np.int64), np.array(counts, dtype=np.int64))


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Counts the tokens of a batch of rows, here or in another process."""

    read: Callable[[Row], str]
    counter: TokenCounter
    by: str

    def __call__(self, rows: Sequence[Row]) -> Counted:
        """The lengths of the rows."""
        texts: list[str] = []
        groups: list[str] = []
        broken: Counter[str] = Counter()
        for row in rows:
            try:
                texts.append(self.read(row))
                groups.append(str(row.get(self.by) or ""))
            except Unusable as error:
                broken[error.reason] += 1
        return Counted(lengths=Counter(zip(groups, self.counter.count(texts), strict=True)), broken=broken)


def measure(source: Source, counter: TokenCounter, *, column: str, by: str, workers: int) -> Iterator[Spread]:
    """The spread of a source as it grows, batch by batch; it is always the same one, and the last is that of all rows.

    Raises ``UsageError`` or ``DataError`` for a source that cannot be read.
    """
    stream = open_stream(source, column=column, beside=(by,))
    spread = Spread(name=source.path)
    for counted in _counted(stream, counter, by, workers):
        spread.counts.update(counted.lengths)
        spread.broken.update(counted.broken)
        yield spread


def _counted(stream: Stream, counter: TokenCounter, by: str, workers: int) -> Iterable[Counted]:
    counting = Counting(read=stream.read, counter=counter, by=by)
    first = islice(stream.batches, ALONE)
    return chain(map(counting, first), in_order(counting, stream.batches, workers))
