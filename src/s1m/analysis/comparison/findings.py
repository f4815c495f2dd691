"""The findings of a comparison of runs on one axis of cost; the fields are the keys of ``s1m compare --json``.

Accuracies are fractions of 1; costs are per problem, in ``unit``; undefined values are None.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from s1m.analysis.comparison.cost import Unit
from s1m.analysis.display.formats import counted, p_value, percent, points, range_text
from s1m.analysis.run.summary import LatencySummary, MoneySummary, SweepMetrics, plain
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
    latency: LatencySummary | None
    """Of a problem with all its levels; None for a run that called no engine."""
    samples: int
    temperature: float | None
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
class Difference:
    """Two runs against each other whatever they cost: at one level, or each at its best."""

    one: str
    """Label of the first run; ``other`` is that of the second."""
    other: str
    level: int | None
    """None: each at its best level, chosen on the other half of the problems."""
    problems: int
    difference: float
    """Accuracy of ``other`` minus that of ``one``."""
    difference_ci95: Interval | None
    """Paired bootstrap over problems."""
    p: float
    """McNemar's exact test; with several samples of a problem, the sign-flip test over problems."""
    holm_p: float
    """Adjusted for all tests of the comparison that are not at equal cost."""


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The cheapest level of a run within a stated loss of its best level."""

    run: str
    level: int
    best: int
    allowed: float
    """The stated loss, a fraction."""
    loss: float
    loss_ci95: Interval | None
    """Paired bootstrap over problems; None where the level is the best one."""
    cost: float
    cost_of_best: float
    """Its cost as a fraction of the cost of the best level."""


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
    differences: tuple[Difference, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()


def comparison_json(comparison: Comparison) -> dict[str, object]:
    """A comparison as the object that ``--json`` prints."""
    return {field.name: plain(getattr(comparison, field.name)) for field in fields(comparison)}


def better_sentences(comparison: Comparison) -> list[str]:
    """For every two runs, in plain words, which is better at its best level and whether that is more than chance."""
    sentences = []
    for test in comparison.differences:
        if test.level is not None:
            continue
        size = f"{points(abs(test.difference)).lstrip('+')} points"
        if test.holm_p >= 0.05:
            sentences.append(
                f"{test.one} and {test.other}, each at its best level: no difference beyond chance "
                f"({points(test.difference)} points, 95 % interval {range_text(test.difference_ci95, signed=True)}, "
                f"adjusted p {p_value(test.holm_p)})."
            )
            continue
        better, worse = (test.other, test.one) if test.difference > 0 else (test.one, test.other)
        more = counted(max(1, round(100 * abs(test.difference))), "more problem")
        sentences.append(
            f"{better} is better than {worse}, each at its best level: {size}, {more} right of 100 (95 % interval "
            f"{range_text(test.difference_ci95, signed=True)}, adjusted p {p_value(test.holm_p)})."
        )
    return sentences


def recommended_sentence(one: Recommendation) -> str:
    """A recommendation in plain words."""
    if one.level == one.best:
        return f"{one.run}: no cheaper level is within {points(one.allowed).lstrip('+')} points of level {one.best}."
    most = f", 95 % interval {range_text(one.loss_ci95, signed=True)}" if one.loss_ci95 else ""
    return (
        f"{one.run}: level {one.level} costs {percent(one.cost_of_best)} of level {one.best}, the best, and loses "
        f"{points(one.loss).lstrip('+')} points{most}."
    )


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
