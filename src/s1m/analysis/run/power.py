"""``s1m power``: the problems and samples that a gain needs, as a table or as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from s1m.analysis.display.formats import percent, points
from s1m.analysis.run.grid import Grid, grid_of
from s1m.analysis.statistics.power import (
    PairedVariance,
    assumed_variance,
    gain_found,
    measured_variance,
    problems_needed,
)
from s1m.errors import UsageError
from s1m.evaluate.store import load_run
from s1m.files.printing import Printer, print_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLES = (1, 2, 4, 8, 16)
"""Samples of every problem that the table goes through where a run has several."""

LEAST_PROBLEMS = 20
"""With fewer, a variance is too uncertain to plan with."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A gain in accuracy (0 to 1), and the probability with which it should be found."""

    gain: float
    power: float

    def __post_init__(self) -> None:
        if not 0 < self.gain < 1:
            raise UsageError(f"--gain is a fraction between 0 and 1, such as 0.03, not {self.gain:g}")
        if not 0.5 <= self.power < 1:
            raise UsageError(f"--power is a probability from 0.5 to below 1, not {self.power:g}")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Problems that find the gain with ``samples`` samples of each; ``answers`` is the product, for each setting."""

    samples: int
    problems: int
    answers: int


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A run's own paired variance, and the smallest gain that its problems find."""

    variance: PairedVariance
    problems: int
    samples: int
    smallest_gain: float


def plans_of(variance: PairedVariance, question: Question, samples: tuple[int, ...]) -> list[Plan]:
    """A plan for every number of samples."""
    needed = [problems_needed(variance.of_samples(number), question.gain, question.power) for number in samples]
    return [
        Plan(samples=number, problems=problems, answers=number * problems)
        for number, problems in zip(samples, needed, strict=True)
    ]


def measure(folder: Path, power: float) -> Measured:
    """The paired variance between the first level of a run and its last. Raises ``UsageError`` where there is none."""
    run = load_run(folder)
    grid = grid_of(sorted(run.records, key=lambda record: record.key))
    if len(grid.levels) < 2 or grid.problems < LEAST_PROBLEMS:
        raise UsageError(
            f"{folder} has {grid.problems} problems at {len(grid.levels)} levels; a variance needs at least "
            f"{LEAST_PROBLEMS} problems and two levels"
        )
    first, last, samples = paired(grid)
    variance = measured_variance(first, last)
    return Measured(
        variance=variance,
        problems=grid.problems,
        samples=samples,
        smallest_gain=gain_found(variance.of_samples(samples), grid.problems, power),
    )


def paired(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Verdicts at the first level and the last, each (problems, samples), and how many samples all problems have."""
    import numpy as np

    rows: list[list[int]] = [[] for _ in range(grid.problems)]
    for row, problem in enumerate(grid.problem.tolist()):
        rows[problem].append(row)
    samples = min(map(len, rows))
    chosen = np.array([each[:samples] for each in rows])
    return grid.correct[:, 0][chosen], grid.correct[:, -1][chosen], samples


def print_plan(
    question: Question, *, baseline: float | None, correlation: float, folder: Path | None, as_json: bool
) -> int:
    """Print the plans, with where the variance is from; the exit code."""
    measured = measure(folder, question.power) if folder else None
    if measured:
        variance = measured.variance
    else:
        try:
            variance = assumed_variance(baseline or 0.0, question.gain, correlation)
        except ValueError as error:
            raise UsageError(f"{error}; choose others with --baseline, --gain and --correlation") from None
    plans = plans_of(variance, question, SAMPLES if measured and measured.samples > 1 else (1,))
    if as_json:
        print_json(
            {
                **asdict(question),
                "variance": asdict(variance),
                "run": asdict(measured) if measured else None,
                "plans": [asdict(plan) for plan in plans],
            }
        )
        return 0
    console = Printer()
    gain = f"a gain of {points(question.gain).lstrip('+')} points"
    if measured:
        each = f" x {measured.samples} samples" if measured.samples > 1 else ""
        console.print(
            f"{folder}: {measured.problems:,} problems{each} find a gain of "
            f"{points(measured.smallest_gain).lstrip('+')} points with probability {percent(question.power)}"
        )
    else:
        console.print(f"baseline {percent(baseline)}, verdicts with a correlation of {correlation:g} (assumed)")
    for plan in plans:
        times = f" x {plan.samples} samples" if plan.samples > 1 else ""
        console.print(
            f"{gain}, found with probability {percent(question.power)}: {plan.problems:,} problems{times}"
            + (f" ({plan.answers:,} answers for each setting)" if plan.samples > 1 else "")
        )
    if measured and measured.samples == 1:
        console.print("one sample of each problem: what more samples would save is not known from this run")
    return 0
