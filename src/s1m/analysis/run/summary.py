"""The summary of a run: its levels, the metrics of its sweep, and summary.json.

The fields below are the keys of summary.json. Accuracies and gains are fractions of 1; tokens are generated tokens;
undefined values are None (null).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

from s1m.analysis.statistics.intervals import Interval

JSON_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class StopFractions:
    """Fraction of problems by the stop class of their thinking; the fractions sum to 1."""

    closed: float
    eos: float
    capped: float
    looped: float

    @property
    def invalid(self) -> float:
        """Fraction that did not close its thinking: S1-M's "invalid EOS"."""
        return self.eos + self.capped + self.looped


@dataclass(frozen=True, kw_only=True)
class LevelSummary:
    """All problems at one level of the run's axis."""

    level: int
    accuracy: float
    accuracy_ci95: Interval
    """Wilson score interval."""
    gain: float
    """Accuracy minus accuracy at the first level."""
    gain_ci95: Interval | None
    """Paired bootstrap over problems; None at the first level."""
    mcnemar_p: float | None
    """Exact two-sided McNemar test against the first level; None there."""
    thinking_tokens_mean: float
    thinking_tokens_std: float
    """Standard deviation over the problems measured (divided by n)."""
    thinking_tokens_median: float
    answer_tokens_mean: float
    stops: StopFractions
    answered: int
    lost: int
    """Problems without a committed answer: problems minus answered."""
    shared: float
    """Fraction of problems whose chain ended before this level, so that the answer is that of a lower one."""
    official: float | None = None
    """Accuracy by the benchmark's own scorer, which may guess; None where it gave no verdict."""
    judged: int = 0
    """Problems with a verdict of the judge model, which was asked because no rule could read the answer."""


@dataclass(frozen=True, kw_only=True)
class PartSummary:
    """The problems with one value of a metadata key, such as subject algebra, at the first and the last level."""

    key: str
    value: str
    problems: int
    first_accuracy: float
    last_accuracy: float
    last_accuracy_ci95: Interval
    judged: int = 0
    """Problems with a verdict of the judge model at either level."""


@dataclass(frozen=True, kw_only=True)
class MeasureSummary:
    """A measure that the benchmark publishes, at the first and the last level; None where no group counts."""

    name: str
    first: float | None
    last: float | None


@dataclass(frozen=True, kw_only=True)
class GroupSummary:
    """The benchmark's measures over groups of problems, such as the steps of one; incomplete groups are left out."""

    groups: int
    incomplete: int
    values: tuple[MeasureSummary, ...]


@dataclass(frozen=True, kw_only=True)
class SweepMetrics:
    """The sweep in five numbers; slopes are accuracy per 1,000 thinking tokens.

    See ``s1m.analysis.statistics.metrics``.
    """

    control: float | None
    scaling: float | None
    performance: float | None
    slope_per_1k_tokens: float | None
    slope_ci95: Interval | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A run in numbers. ``levels`` is empty while there are no records."""

    run: str
    """Name of the run's folder."""
    benchmark: str
    model: str
    engine: str
    sweep: str
    strategy: str
    axis: str
    """What the levels count, in words."""
    problems: int
    failed: int
    generated_tokens: int
    independent_tokens: int | None
    """Tokens that a separate run of every level would have generated; None where levels do not share a chain."""
    wall_seconds: float
    levels: tuple[LevelSummary, ...]
    metrics: SweepMetrics
    parts: tuple[PartSummary, ...] = ()
    tokens_estimated: bool = False
    """Whether tokens are estimated from characters: imported texts come without token counts."""
    measures: GroupSummary | None = None
    judge: str | None = None
    """The judge model, where it gave any verdict."""
    provenance: tuple[Mapping[str, object], ...] = ()
    """What the run was done with, an entry for every start that differed; empty for runs that are older than that."""

    @property
    def ignoring(self) -> bool:
        """Whether the levels count the ignored stops of one chain."""
        return self.independent_tokens is not None

    @property
    def cost_fraction(self) -> float | None:
        """Generated tokens as a fraction of what a separate run of every level would have generated."""
        return self.generated_tokens / self.independent_tokens if self.independent_tokens else None

    @property
    def best(self) -> LevelSummary | None:
        """The lowest level with the highest accuracy, or None without levels."""
        return max(self.levels, key=lambda level: (level.accuracy, -level.level), default=None)


def summary_json(summary: Summary) -> dict[str, object]:
    """A summary as the JSON object of summary.json: intervals become [low, high], floats keep six digits."""
    return {field.name: plain(getattr(summary, field.name)) for field in fields(summary)}


def plain(value: object) -> object:
    """A value of a summary as JSON values: intervals become [low, high]."""
    if isinstance(value, Interval):
        return [plain(value.low), plain(value.high)]
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return rounded(value) if isinstance(value, float) else value


def rounded(value: float) -> float:
    """Rounded to six decimals; below a thousandth to six digits, so that a small p-value never becomes zero."""
    if abs(value) < 0.001:
        return float(f"{value:.{JSON_DIGITS}g}")
    return round(value, JSON_DIGITS)
