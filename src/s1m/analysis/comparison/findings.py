"""The findings of a comparison of runs on one axis of cost; the fields are the keys of ``s1m compare --json``.

Accuracies are fractions of 1; costs are per problem, in ``unit``; undefined values are None.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from s1m.analysis.comparison.cost import Unit
from s1m.analysis.display.formats import points
from s1m.analysis.run.summary import MoneySummary, SweepMetrics, plain
from s1m.analysis.statistics.intervals import AccuracyEstimate, Interval


@dataclass(frozen=True, kw_only=True)
class Point:
    """All problems of a run at one level."""

    level: int
    cost: float
    cost_ci95: Interval | None
    """Bootstrap over problems."""
    accuracy: float
    accuracy_ci95: Interval
    unclosed: int
    """Problems whose thinking did not close by itself: it may have been cut short."""
    unclosed_wrong: AccuracyEstimate
    """Accuracy with these problems counted as wrong."""
    unclosed_left_out: AccuracyEstimate
    """Accuracy without these problems."""
    on_front: bool
    """Whether no point of any run is equally cheap and more accurate, or equally accurate and cheaper."""


@dataclass(frozen=True, kw_only=True)
class RunCurve:
    """A run: its points by level, s1's metrics, and its mean accuracy over the logarithm of cost."""

    label: str
    strategy: str
    axis: str
    model: str
    engine: str
    problems: int
    points: tuple[Point, ...]
    metrics: SweepMetrics
    money: MoneySummary | None
    """What the whole run cost, all levels; None without prices."""
    area: float | None
    """Over the comparison's ``area_range``; None for a run that spans less than a factor of two."""


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """Two runs at the most expensive levels of nearly equal cost, on the problems that both have."""

    one: str
    """Label of the first run; ``other`` is that of the second."""
    other: str
    one_level: int
    other_level: int
    one_cost: float
    other_cost: float
    problems: int
    difference: float
    """Accuracy of ``other`` minus that of ``one``."""
    difference_ci95: Interval | None
    """Paired bootstrap over problems."""
    gained: int
    """Problems that only ``other`` answers correctly."""
    lost: int
    """Problems that only ``one`` answers correctly."""
    mcnemar_p: float
    holm_p: float
    """Adjusted for the number of pairs tested."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Runs on one axis of cost."""

    benchmark: str
    unit: Unit
    curves: tuple[RunCurve, ...]
    pairs: tuple[PairedTest, ...]
    apart: tuple[tuple[str, str], ...]
    """Pairs of runs without levels of nearly equal cost, or without a problem in common."""
    area_range: tuple[float, float] | None
    notes: tuple[str, ...]
    """Caveats of the costs and the runs."""


def comparison_json(comparison: Comparison) -> dict[str, object]:
    """A comparison as the object that ``--json`` prints."""
    return {field.name: plain(getattr(comparison, field.name)) for field in fields(comparison)}


def headline(comparison: Comparison) -> str:
    """The result of a comparison in one sentence; it claims a difference only where the adjusted test does."""
    significant = [pair for pair in comparison.pairs if pair.holm_p < 0.05]
    if not comparison.pairs:
        return "No two runs have levels of nearly equal cost, so no pair was tested."
    if not significant:
        tested = "1 pair" if len(comparison.pairs) == 1 else f"{len(comparison.pairs)} pairs"
        return f"At equal cost no run beats another beyond chance ({tested} tested, Holm-adjusted)."
    most = max(significant, key=lambda pair: abs(pair.difference))
    better, worse = (most.other, most.one) if most.difference > 0 else (most.one, most.other)
    return (
        f"At equal cost {len(significant)} of {len(comparison.pairs)} tested pairs differ beyond chance "
        f"(Holm-adjusted); the widest: {better} is {points(abs(most.difference)).lstrip('+')} points better than "
        f"{worse}."
    )
