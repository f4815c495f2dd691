"""The summary of a run: its levels, the metrics of its sweep, and summary.json.

The fields below are the keys of summary.json. Accuracies and gains are fractions of 1; tokens are generated tokens;
undefined values are None (null).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass

from s1m.analysis.statistics.at_k import SamplesSummary
from s1m.analysis.statistics.bias import Bias
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
    """Wilson score interval; with several samples of a problem, clustered by problem."""
    gain: float
    """Accuracy minus accuracy at the first level."""
    gain_ci95: Interval | None
    """Paired bootstrap over problems; None at the first level."""
    mcnemar_p: float | None
    """Two-sided test of the gain over the first level, None there: McNemar's exact one; with several samples of a
    problem, the sign-flip test over problems."""
    thinking_tokens_mean: float
    thinking_tokens_std: float
    """Standard deviation over the problems measured (divided by n)."""
    thinking_tokens_median: float
    answer_tokens_mean: float
    stops: StopFractions
    answered: int
    lost: int
    """Answers that commit to nothing: records minus answered."""
    shared: float
    """Fraction of problems whose chain ended before this level, so that the answer is that of a lower one."""
    official: float | None = None
    """Accuracy by the benchmark's own scorer, which may guess; None where it gave no verdict."""
    judged: int = 0
    """Answers with a verdict of the judge model, which was asked because no rule could read them."""
    at_k: tuple[SamplesSummary, ...] = ()
    """With several samples of every problem: pass@k and maj@k for every k up to their number."""


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
class MoneySummary:
    """What a run cost, at the prices of the table that it was given."""

    currency: str
    """Several, separated by commas, where it was resumed with a table in another currency; then nothing is added up."""
    total: float | None
    """Of the problems whose cost is known; None where no cost is."""
    per_problem: float | None
    """All samples of a problem together."""
    unknown: int
    """Records whose cost is not known: their server reports no prompt tokens, or they have no price."""


@dataclass(frozen=True, kw_only=True)
class LatencySummary:
    """How long a problem took, in seconds, at the median and at the 95th percentile over the records.

    All levels of a problem together, while others ran at the same time; a sample of a problem counts by itself.
    """

    seconds_p50: float
    seconds_p95: float
    first_token_p50: float | None
    """From the first request to the first text; None where no record says it: the engine streamed nothing."""
    first_token_p95: float | None
    streamed: int
    """Records that say when their first text came."""


@dataclass(frozen=True, kw_only=True)
class HeldOutGain:
    """The gain of the best level over the first, the best chosen on one half of the problems and measured on the other.

    On the same problems, part of the gain of the best of several levels is the luck of being picked.
    """

    gain: float
    ci95: Interval | None
    """Paired bootstrap over problems."""


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
    """Empty for an imported run."""
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
    origin: str = "generated"
    """Where the answers are from: generated by an engine, replayed from another run, or imported."""
    prompt_tokens: int | None = None
    """Read by the model over all requests, as the server reports them; None where it does not for every one."""
    money: MoneySummary | None = None
    """None for a run without prices."""
    latency: LatencySummary | None = None
    """None for a run that called no engine."""
    temperature: float | None = None
    """At which tokens were drawn; None for answers from elsewhere."""
    measures: GroupSummary | None = None
    judge: str | None = None
    """The judge model, where it gave any verdict."""
    biases: tuple[Bias, ...] = ()
    """Answers that are given more or less often than they are right, beyond chance, at the last level."""
    held_out: HeldOutGain | None = None
    """None for a single level and for few problems."""
    samples: int = 1
    """Traces of every problem; accuracies are means over problems of the mean over their samples (avg@k)."""
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
