"""How numbers are put into words, so that terminal and page say the same thing in the same way.

Shares are written in per cent, differences of shares in percentage points.
"""

from __future__ import annotations

from s1m.analysis.run.summary import GroupSummary, LevelSummary, Summary
from s1m.analysis.statistics.intervals import Interval
from s1m.benchmarks import Measures

UNDEFINED = "\N{EN DASH}"


def percent(share: float | None) -> str:
    """A share of 1, as in ``42.5 %``."""
    return UNDEFINED if share is None else f"{100 * share:.1f} %"


def points(difference: float | None) -> str:
    """A difference of shares in percentage points with its sign, as in ``+3.1``."""
    if difference is None:
        return UNDEFINED
    text = f"{100 * difference:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "\N{MINUS SIGN}")


def range_text(interval: Interval | None, *, signed: bool = False) -> str:
    """An interval of shares, as in ``39.2–45.8``, or of differences, as in ``+1.0 to +5.2``."""
    if interval is None:
        return UNDEFINED
    if signed:
        return f"{points(interval.low)} to {points(interval.high)}"
    return f"{100 * interval.low:.1f}\N{EN DASH}{100 * interval.high:.1f}"


def gain_text(level: LevelSummary) -> str:
    """The gain of a level over the first in points; undefined at the first itself."""
    return UNDEFINED if level.mcnemar_p is None else points(level.gain)


def p_value(p: float | None) -> str:
    """A p-value to three digits, never as 0."""
    if p is None:
        return UNDEFINED
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def duration(seconds: float) -> str:
    """Wall-clock time, as in ``45 s``, ``12 min 5 s`` or ``3 h 20 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def model_name(summary: Summary) -> str:
    """A short name of the model: the last part of its path or hub id."""
    if summary.model:
        return summary.model.rstrip("/").rpartition("/")[2]
    return "bundled model" if summary.engine == "embedded" else "the server's model"


def setting_text(value: object) -> str:
    """A setting as people read it; lists without brackets."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def headline(summary: Summary) -> str:
    """What the sweep showed, in one sentence that claims a change only when the paired interval excludes zero."""
    best = summary.best
    if best is None:
        return "No records yet, so there is nothing to count."
    first = summary.levels[0]
    if best is first:
        return f"No level beats the first: {percent(first.accuracy)} of {summary.problems:,} problems right."
    change = f"from {percent(first.accuracy)} to {percent(best.accuracy)}"
    interval = f"{points(best.gain)} points, paired 95 % interval {range_text(best.gain_ci95, signed=True)}"
    if best.gain_ci95 is not None and best.gain_ci95.low > 0:
        return f"{what_was_done(summary, best)} lifts accuracy {change} ({interval})."
    return f"No clear change: accuracy goes {change} at the best level ({interval})."


def what_was_done(summary: Summary, level: LevelSummary) -> str:
    """What a level stands for, as the subject of a sentence."""
    if not summary.ignoring:
        return f"Level {level.level} instead of {summary.levels[0].level} ({summary.axis})"
    return f"Ignoring the end of thinking {'once' if level.level == 1 else f'{level.level} times'}"


def strategy_text(summary: Summary) -> str:
    """The strategy, and how its levels were run where there is a choice."""
    with_sweep = summary.sweep and summary.ignoring
    return f"{summary.strategy}, {summary.sweep} sweep" if with_sweep else summary.strategy


def cost_sentence(summary: Summary) -> str:
    """What was generated, how long it took and what independent runs would have cost."""
    if summary.origin == "imported":
        how = "; tokens estimated: characters / 4" if summary.tokens_estimated else ""
        return f"{summary.generated_tokens:,} tokens imported{how}."
    if summary.origin == "replayed":
        return f"{summary.generated_tokens:,} tokens replayed: a run of its own would have generated them."
    spent = f"{summary.generated_tokens:,} tokens generated in {duration(summary.wall_seconds)}"
    if summary.cost_share is None or summary.independent_tokens is None or summary.sweep == "independent":
        return f"{spent}."
    return f"{spent}: {percent(summary.cost_share)} of the {summary.independent_tokens:,} of independent runs."


def slope_sentence(summary: Summary) -> str:
    """The slope in points per 1,000 thinking tokens with its interval, or nothing when there is none."""
    slope = summary.metrics.slope_per_1k_tokens
    if slope is None:
        return ""
    interval = summary.metrics.slope_ci95
    between = f" (95 % interval {range_text(interval, signed=True)})" if interval else ""
    return f"{points(slope)} points of accuracy per 1,000 thinking tokens{between}."


def measures_sentence(summary: Summary) -> str:
    """The benchmark's own measures from the first level to the last, or nothing when it has none."""
    if summary.measures is None:
        return ""
    values = (f"{each.name} {percent(each.first)} → {percent(each.last)}" for each in summary.measures.values)
    return ", ".join(values) + ("; " if summary.measures.values else "") + groups_text(summary.measures)


def groups_text(measured: GroupSummary | Measures) -> str:
    """Of how many groups of problems the measures are, and how many were left out."""
    left_out = f"; incomplete and left out: {measured.incomplete:,}" if measured.incomplete else ""
    return f"complete groups of problems: {measured.groups:,}{left_out}."


def judge_sentence(judged: int, verdicts: int, judge: str, detail: str = "") -> str:
    """How many verdicts rest on a language model, and on which."""
    return f"{judged:,} of {verdicts:,} verdicts judged by {judge}{detail}: no rule could read those answers."


def judge_note(summary: Summary) -> str:
    """``judge_sentence`` of a run, with how many there are at each level; nothing where no judge was asked."""
    if summary.judge is None:
        return ""
    each = [level.judged for level in summary.levels]
    detail = f" (by level: {', '.join(map(str, each))})"
    return judge_sentence(sum(each), summary.problems * len(each), summary.judge, detail)
