"""Which examples are trained on: each is measured once, before the model is loaded, and what is dropped has a reason.

surveyed = survey(examples, encoder.length, settings)
surveyed.kept, surveyed.lengths      indices into the examples, and the tokens of each
surveyed.rejects                     the others, with reasons
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from s1m.datasets.checks import check_example
from s1m.datasets.example import Unusable
from s1m.datasets.preferences import Preferences
from s1m.datasets.sources import Examples
from s1m.errors import DataError
from s1m.families import Delimiters
from s1m.files.json_lines import encode_lines
from s1m.files.printing import Printer
from s1m.files.progress import counted
from s1m.files.workers import in_chunks, in_order
from s1m.files.writing import replace_file
from s1m.train.settings import TrainSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Surveyed = Examples | Preferences
"""What can be measured: single conversations, or pairs of them."""

CHUNK = 256
"""Examples that a process measures before it reports."""
ALONE = 4096
"""Up to this many examples are measured sooner than other processes have started."""
DROPPED = -1
"""Length of an example that is not kept."""


@dataclass(frozen=True, kw_only=True)
class Reject:
    """An example that is not trained on."""

    index: int
    id: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """The kept and dropped examples of one source."""

    name: str
    reasons: Counter[str]
    """How many examples were dropped for each reason."""
    lengths: NDArray[np.int64]
    """Tokens of every example that is kept."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Which examples are kept, in rising order, and why the others are not."""

    kept: NDArray[np.int64]
    lengths: NDArray[np.int64]
    """Tokens of every example that is kept."""
    rejects: tuple[Reject, ...]
    parts: tuple[Part, ...]
    """The same by source."""

    def require_some(self) -> None:
        """Raise ``DataError`` with the commonest reasons when nothing is kept."""
        if not len(self.kept):
            reasons = Counter(reject.reason for reject in self.rejects).most_common(3)
            why = ", ".join(f"{reason} ({count:,})" for reason, count in reasons) or "the sources hold no rows"
            raise DataError(f"no example is left to train on: {why}")


@dataclass(frozen=True, kw_only=True)
class Surveyor:
    """Measures examples, here or in another process."""

    examples: Surveyed
    length_of: Callable[[Any], int]
    delimiters: Delimiters
    max_tokens: int
    check: Callable[[Any, Delimiters], None]

    def measure(self, indices: range) -> tuple[list[int], list[Reject]]:
        """The length of each of some examples, ``DROPPED`` for those that are among the rejects."""
        lengths, rejects = [], []
        for index in indices:
            try:
                lengths.append(self.length(index))
            except Unusable as error:
                lengths.append(DROPPED)
                location = self.examples.location(index)
                rejects.append(Reject(index=index, id=location, reason=error.reason, detail=error.detail))
        return lengths, rejects

    def length(self, index: int) -> int:
        """Tokens of an example. Raises ``Unusable``."""
        example = self.examples.outline(index)
        self.check(example, self.delimiters)
        length = self.length_of(example)
        if length > self.max_tokens:
            raise Unusable("too long", f"{length:,} tokens, max_tokens is {self.max_tokens:,}")
        return length


def survey(
    examples: Surveyed,
    length_of: Callable[[Any], int],
    settings: TrainSettings,
    *,
    check: Callable[[Any, Delimiters], None] = check_example,
    console: Console | None = None,
    rejects_to: Path | None = None,
) -> Survey:
    """Measure every example, in ``settings.workers`` processes where there are many.

    ``check`` and ``length_of`` get outlines, which have the sizes of images instead of images, and may raise
    ``Unusable``; both and the examples are pickled. The rejects go to ``rejects_to`` as JSON lines. Raises
    ``DataError`` for files that can no longer be read.
    """
    import numpy as np

    surveyor = Surveyor(
        examples=examples,
        length_of=length_of,
        delimiters=settings.delimiters,
        max_tokens=settings.max_tokens,
        check=check,
    )
    all_lengths: list[int] = []
    rejects: list[Reject] = []
    with counted(console or Printer(stderr=True), "measuring examples", len(examples)) as advance:
        for lengths, some in _measured(surveyor, settings.workers):
            all_lengths += lengths
            rejects += some
            advance(len(lengths))
    measured = np.array(all_lengths, dtype=np.int64)
    if rejects_to is not None:
        write_rejects(rejects_to, rejects, examples)
    kept = np.flatnonzero(measured != DROPPED)
    return Survey(kept=kept, lengths=measured[kept], rejects=tuple(rejects), parts=_parts(examples, measured, rejects))


def write_rejects(path: Path, rejects: Sequence[Reject], examples: Surveyed) -> None:
    """A line for every reject: id, source, reason, detail."""
    lines = (
        {
            "id": reject.id,
            "source": examples.names[examples.source(reject.index)],
            "reason": reject.reason,
            "detail": reject.detail,
        }
        for reject in rejects
    )
    replace_file(path, encode_lines(lines))


def _parts(examples: Surveyed, measured: NDArray[np.int64], rejects: Sequence[Reject]) -> tuple[Part, ...]:
    reasons: list[Counter[str]] = [Counter() for _ in examples.names]
    for reject in rejects:
        reasons[examples.source(reject.index)][reject.reason] += 1
    parts = []
    for source, name in enumerate(examples.names):
        own = measured[examples.sources == source]
        parts.append(Part(name=name, reasons=reasons[source], lengths=own[own != DROPPED]))
    return tuple(parts)


def _measured(surveyor: Surveyor, workers: int) -> Iterator[tuple[list[int], list[Reject]]]:
    """The chunks of all examples, in order."""
    count = len(surveyor.examples)
    return in_order(surveyor.measure, in_chunks(range(count), CHUNK), 0 if count <= ALONE else workers)
