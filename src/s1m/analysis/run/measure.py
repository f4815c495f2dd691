"""From records to a summary: what is counted, averaged and resampled, over which problems.

Every record of a run has an answer at every level, so a run is a grid of problems x levels and every comparison of
two levels is paired. The order in which records landed changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from s1m.analysis.run.groups import measures_of
from s1m.analysis.run.parts import parts_of
from s1m.analysis.run.summary import LevelSummary, StopShares, Summary, SweepMetrics
from s1m.analysis.statistics.intervals import mcnemar_p, percentile_interval, resampled_means, wilson_interval
from s1m.analysis.statistics.metrics import control, performance, scaling, slope_per_1k_tokens, slopes_per_1k_tokens
from s1m.benchmarks import BENCHMARKS
from s1m.datasets.tokens import ESTIMATED
from s1m.errors import DataError
from s1m.forcing.strategies import NAMES, axis_of
from s1m.types import Answer, Record, StopClass, Trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s1m.evaluate.store import Run

STOPS: tuple[StopClass, ...] = get_args(StopClass)
FORCED = ("sequential", "lookback", "lookback-image")
"""Strategies whose levels count ignored ends of thinking of one chain."""
ASKED_TOKENS = ("cap", "rejection", "token-conditional")
"""Strategies whose level is the budget of a chain."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A run as arrays of numbers, each of shape (problems, levels).

    ``stops`` holds indices into ``STOPS``; ``official`` is NaN where the official scorer did not judge.
    """

    levels: tuple[int, ...]
    correct: NDArray[np.float64]
    answered: NDArray[np.float64]
    judged: NDArray[np.float64]
    official: NDArray[np.float64]
    thinking_tokens: NDArray[np.float64]
    answer_tokens: NDArray[np.float64]
    chain_tokens: NDArray[np.float64]
    """Thinking in the chain that the answer rests on, of several that were paid for."""
    shared: NDArray[np.float64]
    stops: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Resamples:
    """Means over resampled problems, each of shape (resamples, levels)."""

    thinking_tokens: NDArray[np.float64]
    accuracy: NDArray[np.float64]


def summarize(run: Run, *, seed: int = 0) -> Summary:
    """The numbers of a run; ``seed`` draws the bootstrap. A run without records has no levels and no metrics.

    Raises ``DataError`` when records do not share the same levels or lack a verdict.
    """
    records = sorted(run.records, key=lambda record: record.key)
    grid = grid_of(records)
    resamples = resample(grid, seed)
    return Summary(
        run=run.folder.resolve().name,
        benchmark=str(run.settings.get("benchmark", "")),
        model=str(run.settings.get("model", "")),
        engine=str(run.settings.get("engine", "")),
        sweep=str(run.settings.get("sweep", "")),
        strategy=strategy_of(run.settings),
        axis=axis_named(strategy_of(run.settings)),
        problems=len(records),
        failed=run.failed,
        generated_tokens=sum(record.trace.generated_tokens for record in records),
        independent_tokens=independent_tokens(grid, run.settings),
        wall_seconds=wall_seconds(records),
        levels=tuple(summarize_level(grid, column, resamples) for column in range(len(grid.levels))),
        metrics=summarize_sweep(grid, run.settings, resamples),
        tokens_estimated=run.settings.get("tokens") == ESTIMATED,
        measures=measures_of(records, BENCHMARKS.get(str(run.settings.get("benchmark", "")))),
        parts=parts_of(records, breakdowns(run.settings)),
        judge=run.judge if grid.judged.any() else None,
        provenance=run.provenance,
    )


def strategy_of(settings: Mapping[str, object]) -> str:
    """The strategy of a run; runs that name none are older than the choice."""
    return str(settings.get("strategy", "sequential"))


def axis_named(strategy: str) -> str:
    """What the levels of a strategy count; just levels, for one that is not known here."""
    return next((axis_of(name) for name in NAMES if name == strategy), "levels")


def independent_tokens(grid: Grid, settings: Mapping[str, object]) -> int | None:
    """What every level from scratch would have generated, for strategies whose levels share one forced chain."""
    if strategy_of(settings) not in FORCED:
        return None
    return int(grid.thinking_tokens.sum() + grid.answer_tokens.sum())


def breakdowns(settings: Mapping[str, object]) -> tuple[str, ...]:
    """The keys by which the run's benchmark is broken down; none for a benchmark that is not known here."""
    benchmark = BENCHMARKS.get(str(settings.get("benchmark", "")))
    return benchmark.breakdowns if benchmark else ()


def wall_seconds(records: Sequence[Record]) -> float:
    """Seconds during which at least one problem was at work, so that the pause before a resumption does not count."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted((record.started, record.started + record.seconds) for record in records):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def grid_of(records: Sequence[Record]) -> Grid:
    """The answers and verdicts of records as arrays. Raises ``DataError`` for records that do not fit together."""
    import numpy as np

    levels = tuple(answer.level for answer in records[0].trace.answers) if records else ()
    for record in records:
        found = tuple(answer.level for answer in record.trace.answers)
        if found != levels:
            raise DataError(f"record {record.id} has answers at levels {list(found)}, other records at {list(levels)}")
        if len(record.verdicts) != len(levels):
            raise DataError(f"record {record.id} has {len(record.verdicts)} verdicts for {len(levels)} answers")

    def grid(rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        return np.array(rows, dtype=np.float64).reshape(len(records), len(levels))

    traces = [record.trace for record in records]
    return Grid(
        levels=levels,
        correct=grid([[verdict.correct for verdict in record.verdicts] for record in records]),
        answered=grid([[verdict.prediction is not None for verdict in record.verdicts] for record in records]),
        judged=grid([[verdict.judged for verdict in record.verdicts] for record in records]),
        official=grid([[nan_if_none(verdict.official) for verdict in record.verdicts] for record in records]),
        thinking_tokens=grid([[trace.thinking_tokens(answer) for answer in trace.answers] for trace in traces]),
        answer_tokens=grid([[trace.answer_tokens(answer) for answer in trace.answers] for trace in traces]),
        chain_tokens=grid([[chain_tokens(trace, answer) for answer in trace.answers] for trace in traces]),
        shared=grid([[answer.same_as is not None for answer in trace.answers] for trace in traces]),
        stops=grid([[STOPS.index(answer.stop) for answer in trace.answers] for trace in traces]),
    )


def chain_tokens(trace: Trace, answer: Answer) -> int:
    """Tokens of the thinking that an answer rests on."""
    return sum(segment.tokens for segment in trace.chains[answer.chain][: answer.segments])


def resample(grid: Grid, seed: int) -> Resamples | None:
    """Resampled means of tokens and accuracy, drawn together; None for fewer than two problems."""
    import numpy as np

    means = resampled_means(np.hstack([grid.thinking_tokens, grid.correct]), seed=seed)
    if means is None:
        return None
    thinking_tokens, accuracy = np.hsplit(means, 2)
    return Resamples(thinking_tokens=thinking_tokens, accuracy=accuracy)


def summarize_level(grid: Grid, column: int, resamples: Resamples | None) -> LevelSummary:
    """One column of the grid, compared with the first on the same problems."""
    import numpy as np

    problems = len(grid.correct)
    correct = grid.correct[:, column]
    change = correct - grid.correct[:, 0]
    tokens = grid.thinking_tokens[:, column]
    official = grid.official[:, column]
    answered = int(grid.answered[:, column].sum())
    stops = {stop: float((grid.stops[:, column] == index).mean()) for index, stop in enumerate(STOPS)}
    gain_ci95 = p = None
    if column > 0:
        p = mcnemar_p(int((change > 0).sum()), int((change < 0).sum()))
        if resamples is not None:
            gain_ci95 = percentile_interval(resamples.accuracy[:, column] - resamples.accuracy[:, 0])
    return LevelSummary(
        level=grid.levels[column],
        accuracy=float(correct.mean()),
        accuracy_ci95=wilson_interval(int(correct.sum()), problems),
        gain=float(change.mean()),
        gain_ci95=gain_ci95,
        mcnemar_p=p,
        thinking_tokens_mean=float(tokens.mean()),
        thinking_tokens_std=float(tokens.std()),
        thinking_tokens_median=float(np.median(tokens)),
        answer_tokens_mean=float(grid.answer_tokens[:, column].mean()),
        stops=StopShares(**stops),
        answered=answered,
        lost=problems - answered,
        shared=float(grid.shared[:, column].mean()),
        official=None if np.isnan(official).all() else float(np.nanmean(official)),
        judged=int(grid.judged[:, column].sum()),
    )


def summarize_sweep(grid: Grid, settings: Mapping[str, object], resamples: Resamples | None) -> SweepMetrics:
    """The metrics of a sweep; all None without records."""
    problems = len(grid.correct)
    tokens = grid.thinking_tokens.mean(axis=0).tolist() if problems else []
    accuracies = grid.correct.mean(axis=0).tolist() if problems else []
    slopes = slopes_per_1k_tokens(resamples.thinking_tokens, resamples.accuracy) if resamples else None
    slope = slope_per_1k_tokens(tokens, accuracies)
    return SweepMetrics(
        control=control(
            grid.chain_tokens.mean(axis=0).tolist() if problems else [],
            number(settings, "min_thinking_tokens") or 0,
            budgets(grid, settings),
        ),
        scaling=scaling(tokens, accuracies),
        performance=performance(accuracies),
        slope_per_1k_tokens=slope,
        slope_ci95=None if slope is None or slopes is None else percentile_interval(slopes),
    )


def budgets(grid: Grid, settings: Mapping[str, object]) -> Sequence[float] | None:
    """The most thinking tokens of a chain at every level, or None where the run has no such bound."""
    if strategy_of(settings) in ASKED_TOKENS:
        return grid.levels
    most = number(settings, "max_thinking_tokens")
    return None if most is None else [most] * len(grid.levels)


def nan_if_none(judged: bool | None) -> float:
    """A verdict as a number."""
    return float("nan") if judged is None else float(judged)


def number(settings: Mapping[str, object], name: str) -> float | None:
    """A setting that is a number, or None where the run has none of that name."""
    value = settings.get(name)
    return value if isinstance(value, int | float) else None
