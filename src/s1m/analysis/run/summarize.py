"""From the records of a run to its summary: counts, means and bootstrap intervals.

Every comparison of two levels is paired by problem. The order in which records were written changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s1m.analysis.run.breakdowns import summarize_groups, summarize_parts
from s1m.analysis.run.grid import STOPS, Grid, grid_of
from s1m.analysis.run.summary import (
    HeldOutGain,
    LatencySummary,
    LevelSummary,
    MoneySummary,
    StopFractions,
    Summary,
    SweepMetrics,
)
from s1m.analysis.statistics.at_k import SamplesSummary, at_k
from s1m.analysis.statistics.bias import Answered, Bias, beyond_chance
from s1m.analysis.statistics.held_out import LEAST_PROBLEMS, at_held_out_best, halves
from s1m.analysis.statistics.intervals import mean_interval, percentile_interval, resampled_means
from s1m.analysis.statistics.metrics import control, performance, scaling, slope_per_1k_tokens, slopes_per_1k_tokens
from s1m.analysis.statistics.samples import clustered_interval, paired_p
from s1m.benchmarks import benchmark_of_run
from s1m.datasets.tokens import ESTIMATED
from s1m.forcing.strategies import strategy_of_run
from s1m.types import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s1m.evaluate.store import Run


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
        origin=str(run.settings.get("origin", "generated")),
        sweep=str(run.settings.get("sweep", "")),
        strategy=strategy_of(run.settings),
        axis=axis_label(strategy_of(run.settings)),
        problems=grid.problems,
        samples=grid.samples,
        held_out=held_out_gain(grid),
        biases=biases_of(records),
        failed=run.failed,
        generated_tokens=sum(record.trace.generated_tokens for record in records),
        independent_tokens=independent_tokens(grid, run.settings),
        wall_seconds=wall_seconds(records),
        levels=tuple(
            summarize_level(grid, column, resamples, samples_at_k(records, grid, column))
            for column in range(len(grid.levels))
        ),
        metrics=summarize_sweep(grid, run.settings, resamples),
        tokens_estimated=run.settings.get("tokens") == ESTIMATED,
        prompt_tokens=prompt_tokens(records),
        money=summarize_money(records, grid.samples),
        latency=summarize_latency(records, run.settings),
        temperature=number(run.settings, "temperature"),
        measures=summarize_groups(records, benchmark_of_run(run.settings.get("benchmark", ""))),
        parts=summarize_parts(records, breakdowns(run.settings)),
        judge=run.judge if grid.judged.any() else None,
        provenance=run.provenance,
    )


def prompt_tokens(records: Sequence[Record]) -> int | None:
    """Tokens that the model read for all problems; None where they are not known of every one."""
    counts = [record.usage.prompt_tokens if record.usage else None for record in records]
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None


def summarize_money(records: Sequence[Record], samples: int) -> MoneySummary | None:
    """What the problems cost, each with all its ``samples``; None where none has a price."""
    costs = [record.cost for record in records if record.cost]
    if not costs:
        return None
    currencies = sorted({cost.currency for cost in costs})
    known = [cost.amount for cost in costs if cost.amount is not None] if len(currencies) == 1 else []
    return MoneySummary(
        currency=", ".join(currencies),
        total=sum(known) if known else None,
        per_problem=samples * sum(known) / len(known) if known else None,
        unknown=len(records) - len(known),
    )


def summarize_latency(records: Sequence[Record], settings: Mapping[str, object]) -> LatencySummary | None:
    """How long a problem took; None without records and for answers that no engine gave."""
    import numpy as np

    if not records or settings.get("origin", "generated") != "generated":
        return None
    seconds = np.percentile([record.seconds for record in records], (50, 95))
    heard = [record.first_token for record in records if record.first_token is not None]
    firsts = np.percentile(heard, (50, 95)).tolist() if heard else (None, None)
    return LatencySummary(
        seconds_p50=float(seconds[0]),
        seconds_p95=float(seconds[1]),
        first_token_p50=firsts[0],
        first_token_p95=firsts[1],
        streamed=len(heard),
    )


def strategy_of(settings: Mapping[str, object]) -> str:
    """The strategy of a run; runs that name none are older than the setting and were sequential."""
    return str(settings.get("strategy", "sequential"))


def axis_label(strategy: str) -> str:
    """What the levels of a strategy count; "levels" for a strategy that is not installed."""
    known = strategy_of_run(strategy)
    return known.axis if known else "levels"


def independent_tokens(grid: Grid, settings: Mapping[str, object]) -> int | None:
    """Tokens that a separate run of every level would have generated, for strategies whose levels share one chain."""
    known = strategy_of_run(strategy_of(settings))
    if known is None or not known.counts_ignored_stops:
        return None
    return int(grid.thinking_tokens.sum() + grid.answer_tokens.sum())


def breakdowns(settings: Mapping[str, object]) -> tuple[str, ...]:
    """The metadata keys by which the run's benchmark is broken down; none for a benchmark that is not installed."""
    benchmark = benchmark_of_run(settings.get("benchmark", ""))
    return benchmark.breakdowns if benchmark else ()


def wall_seconds(records: Sequence[Record]) -> float:
    """Seconds during which at least one problem was running: pauses between resumptions do not count."""
    total, latest = 0.0, float("-inf")
    for start, end in sorted((record.started, record.started + record.seconds) for record in records):
        total += max(0.0, end - max(start, latest))
        latest = max(latest, end)
    return total


def resample(grid: Grid, seed: int) -> Resamples | None:
    """Resampled means of tokens and accuracy, drawn together; None for fewer than two problems."""
    import numpy as np

    columns = [grid.by_problem(grid.thinking_tokens), grid.by_problem(grid.correct)]
    means = resampled_means(np.hstack(columns), seed=seed)
    if means is None:
        return None
    thinking_tokens, accuracy = np.hsplit(means, 2)
    return Resamples(thinking_tokens=thinking_tokens, accuracy=accuracy)


def summarize_level(
    grid: Grid, column: int, resamples: Resamples | None, samples: tuple[SamplesSummary, ...] = ()
) -> LevelSummary:
    """One column of the grid, compared with the first column on the same problems."""
    import numpy as np

    by_problem = grid.by_problem(grid.correct)
    correct = by_problem[:, column]
    change = correct - by_problem[:, 0]
    tokens = grid.thinking_tokens[:, column]
    official = grid.official[:, column]
    answered = int(grid.answered[:, column].sum())
    stops = {stop: float((grid.stops[:, column] == index).mean()) for index, stop in enumerate(STOPS)}
    gain_ci95 = p = None
    if column > 0:
        p = paired_p(change)
        if resamples is not None:
            gain_ci95 = percentile_interval(resamples.accuracy[:, column] - resamples.accuracy[:, 0])
    return LevelSummary(
        level=grid.levels[column],
        accuracy=float(correct.mean()),
        accuracy_ci95=clustered_interval(correct, trials=len(grid.correct)),
        gain=float(change.mean()),
        gain_ci95=gain_ci95,
        mcnemar_p=p,
        thinking_tokens_mean=float(tokens.mean()),
        thinking_tokens_std=float(tokens.std()),
        thinking_tokens_median=float(np.median(tokens)),
        answer_tokens_mean=float(grid.answer_tokens[:, column].mean()),
        stops=StopFractions(**stops),
        answered=answered,
        lost=len(grid.correct) - answered,
        shared=float(grid.shared[:, column].mean()),
        official=None if np.isnan(official).all() else float(np.nanmean(official)),
        judged=int(grid.judged[:, column].sum()),
        at_k=samples,
    )


def samples_at_k(records: Sequence[Record], grid: Grid, column: int) -> tuple[SamplesSummary, ...]:
    """pass@k and maj@k at a level for every k that all problems have samples for; none where that is one."""
    by_problem: list[list[tuple[str | None, bool]]] = [[] for _ in range(grid.problems)]
    for place, record in zip(grid.problem.tolist(), records, strict=True):
        verdict = record.verdicts[column]
        by_problem[place].append((verdict.prediction, verdict.correct))
    return at_k(by_problem)


def biases_of(records: Sequence[Record]) -> tuple[Bias, ...]:
    """The answers of the last level that are given more or less often than they are right, beyond chance."""
    return beyond_chance(
        Answered(prompt=record.question, gold=record.gold, prediction=record.verdicts[-1].prediction)
        for record in records
    )


def held_out_gain(grid: Grid) -> HeldOutGain | None:
    """The gain of the best level without the luck of being picked; None for one level and for few problems."""
    correct = grid.by_problem(grid.correct)
    if len(grid.levels) < 2 or len(correct) < LEAST_PROBLEMS:
        return None
    change = at_held_out_best(correct, halves(len(correct))) - correct[:, 0]
    return HeldOutGain(gain=float(change.mean()), ci95=mean_interval(change))


def summarize_sweep(grid: Grid, settings: Mapping[str, object], resamples: Resamples | None) -> SweepMetrics:
    """The metrics of a sweep; all None without records."""
    problems = grid.problems
    tokens = grid.by_problem(grid.thinking_tokens).mean(axis=0).tolist() if problems else []
    accuracies = grid.by_problem(grid.correct).mean(axis=0).tolist() if problems else []
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
    """The maximum of thinking tokens of a chain at every level; None where the run has no maximum."""
    known = strategy_of_run(strategy_of(settings))
    if known and known.level_is_budget:
        return grid.levels
    most = number(settings, "max_thinking_tokens")
    return None if most is None else [most] * len(grid.levels)


def number(settings: Mapping[str, object], name: str) -> float | None:
    """A setting that is a number; None where it is missing or no number."""
    value = settings.get(name)
    return value if isinstance(value, int | float) else None
