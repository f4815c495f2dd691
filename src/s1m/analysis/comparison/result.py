"""What is said of several runs on one axis of cost: the fields are the keys of ``s1m compare --json``.

Accuracies are fractions of 1; costs are of one problem, in ``unit``; undefined values are None.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from s1m.analysis.comparison.cost import Unit
from s1m.analysis.run.summary import SweepMetrics, plain
from s1m.analysis.statistics.intervals import Interval


@dataclass(frozen=True, kw_only=True)
class Share:
    """An accuracy with its Wilson 95 % interval; both None over no problems."""

    accuracy: float | None
    ci95: Interval | None


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
    """Problems whose thinking did not close by itself: their sample is censored."""
    unclosed_wrong: Share
    """Accuracy with those counted wrong."""
    unclosed_left_out: Share
    """Accuracy without them."""
    on_front: bool
    """Whether no point of any run is as cheap and better, or as good and cheaper."""


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
    area: float | None
    """Over the comparison's ``area_range``; None for a run that spans less than a factor of two."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two runs at the dearest levels of nearly equal cost, on the problems that both have."""

    one: str
    other: str
    one_level: int
    other_level: int
    one_cost: float
    other_cost: float
    problems: int
    difference: float
    """Accuracy of the other minus that of the one."""
    difference_ci95: Interval | None
    """Paired bootstrap over problems."""
    gained: int
    """Problems that only the other has right."""
    lost: int
    mcnemar_p: float
    holm_p: float
    """Adjusted for the number of pairs tested."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Runs on one axis of cost."""

    benchmark: str
    unit: Unit
    curves: tuple[RunCurve, ...]
    pairs: tuple[Pair, ...]
    apart: tuple[tuple[str, str], ...]
    """Pairs of runs that nowhere cost nearly the same, or share no problem."""
    area_range: tuple[float, float] | None
    notes: tuple[str, ...]
    """What the reader has to know of the costs and the runs."""


def comparison_json(comparison: Comparison) -> dict[str, object]:
    """A comparison as the object that ``--json`` prints."""
    return {field.name: plain(getattr(comparison, field.name)) for field in fields(comparison)}
