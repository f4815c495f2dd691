"""The distribution of lengths, in the few numbers that tables show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONG = (1024, 4096, 8192)
"""Tables show the fraction of examples that are longer."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The distribution of tokens over some examples; all 0 without examples."""

    examples: int
    total: int
    mean: float
    median: float
    p90: float
    p99: float
    longest: int
    above: tuple[float, ...]
    """Fraction of the examples that are longer than each of ``LONG``."""


def describe(lengths: NDArray[np.int64]) -> Lengths:
    """The distribution of these lengths."""
    import numpy as np

    some = lengths if len(lengths) else np.zeros(1, dtype=np.int64)
    median, p90, p99 = (float(value) for value in np.percentile(some, (50, 90, 99)))
    return Lengths(
        examples=len(lengths),
        total=int(some.sum()),
        mean=float(some.mean()),
        median=median,
        p90=p90,
        p99=p99,
        longest=int(some.max()),
        above=tuple(float((some > limit).mean()) for limit in LONG),
    )
