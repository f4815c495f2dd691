"""The records of a run as arrays: a row for every record, which is a sample of a problem, and a column for every level.

Every record has an answer at every level, so that any two levels are compared on the same problems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from s1m.errors import DataError
from s1m.types import Answer, Record, StopClass, Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STOPS: tuple[StopClass, ...] = get_args(StopClass)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A run as arrays of numbers, each of shape (records, levels).

    ``stops`` holds indices into ``STOPS``; ``official`` is NaN where the official scorer gave no verdict.
    """

    levels: tuple[int, ...]
    correct: NDArray[np.float64]
    answered: NDArray[np.float64]
    judged: NDArray[np.float64]
    official: NDArray[np.float64]
    thinking_tokens: NDArray[np.float64]
    answer_tokens: NDArray[np.float64]
    chain_tokens: NDArray[np.float64]
    """Thinking in the chain that leads to the answer; other chains of the same problem are left out."""
    shared: NDArray[np.float64]
    stops: NDArray[np.float64]
    problem: NDArray[np.int64]
    """The problem of every record, counted from 0; with one sample of every problem, 0, 1, 2 and so on."""

    @property
    def problems(self) -> int:
        """How many problems there are."""
        return int(self.problem.max()) + 1 if len(self.problem) else 0

    @property
    def samples(self) -> int:
        """The most samples that any problem has; 1 without records."""
        import numpy as np

        return int(np.bincount(self.problem).max()) if len(self.problem) else 1

    def by_problem(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean over the samples of every problem: of shape (problems, levels), from (records, levels)."""
        import numpy as np

        if self.problems == len(values):
            return values
        sums = np.zeros((self.problems, values.shape[1]))
        np.add.at(sums, self.problem, values)
        return sums / np.bincount(self.problem)[:, None]


def grid_of(records: Sequence[Record]) -> Grid:
    """The answers and verdicts of records as arrays.

    Raises ``DataError`` for records with different levels and for a record that lacks a verdict.
    """
    import numpy as np

    levels = tuple(answer.level for answer in records[0].trace.answers) if records else ()
    for record in records:
        own = tuple(answer.level for answer in record.trace.answers)
        if own != levels:
            raise DataError(f"record {record.id} has answers at levels {list(own)}, other records at {list(levels)}")
        if len(record.verdicts) != len(levels):
            raise DataError(f"record {record.id} has {len(record.verdicts)} verdicts for {len(levels)} answers")

    # Floats even for yes and no: the bootstrap multiplies them as matrices, and a missing verdict is NaN.
    def array(rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        return np.array(rows, dtype=np.float64).reshape(len(records), len(levels))

    traces = [record.trace for record in records]
    return Grid(
        levels=levels,
        correct=array([[verdict.correct for verdict in record.verdicts] for record in records]),
        answered=array([[verdict.prediction is not None for verdict in record.verdicts] for record in records]),
        judged=array([[verdict.judged for verdict in record.verdicts] for record in records]),
        official=array([[_nan_if_none(verdict.official) for verdict in record.verdicts] for record in records]),
        thinking_tokens=array([[trace.thinking_tokens(answer) for answer in trace.answers] for trace in traces]),
        answer_tokens=array([[trace.answer_tokens(answer) for answer in trace.answers] for trace in traces]),
        chain_tokens=array([[chain_tokens(trace, answer) for answer in trace.answers] for trace in traces]),
        shared=array([[answer.same_as is not None for answer in trace.answers] for trace in traces]),
        stops=array([[STOPS.index(answer.stop) for answer in trace.answers] for trace in traces]),
        problem=np.array(places_of(records), dtype=np.int64),
    )


def places_of(records: Sequence[Record]) -> list[int]:
    """The problem of every record as a number, in the order in which problems first come."""
    places: dict[tuple[str, str], int] = {}
    return [places.setdefault(name_of(record), len(places)) for record in records]


def name_of(record: Record) -> tuple[str, str]:
    """What tells a record's problem from others: its id and its question."""
    return record.id, record.question


def chain_tokens(trace: Trace, answer: Answer) -> int:
    """Tokens of the thinking in the chain that leads to an answer."""
    return sum(segment.tokens for segment in trace.chains[answer.chain][: answer.segments])


def _nan_if_none(verdict: bool | None) -> float:
    return float("nan") if verdict is None else float(verdict)
