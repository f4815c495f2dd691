"""Sentences about a run, the same in the terminal and on the page."""

from __future__ import annotations

from s1m.analysis.display.formats import UNDEFINED, counted, duration, percent, points, range_text
from s1m.analysis.run.summary import GroupSummary, LevelSummary, Summary
from s1m.analysis.statistics.bias import bias_sentences
from s1m.benchmarks import Measures

NO_RECORDS = "No problem of this run is finished yet; re-run its command to resume."


def gain_text(level: LevelSummary) -> str:
    """The gain of a level over the first level in points; undefined at the first level itself."""
    return UNDEFINED if level.mcnemar_p is None else points(level.gain)


def model_name(summary: Summary) -> str:
    """A short name of the model: the last part of its path or hub id."""
    return short_model(summary.model, summary.engine)


def short_model(model: str, engine: str) -> str:
    """The last part of a model's path or hub id; who answered where the run names none."""
    if model:
        return model.rstrip("/").rpartition("/")[2]
    return "bundled model" if engine == "embedded" else "the server's model"


def headline(summary: Summary) -> str:
    """The result of the sweep in one sentence; it claims a change only where the paired interval excludes zero."""
    best = summary.best
    if best is None:
        return NO_RECORDS
    first = summary.levels[0]
    if best is first:
        return f"No level beats the first: {percent(first.accuracy)} of {counted(summary.problems, 'problem')} right."
    change = f"from {percent(first.accuracy)} to {percent(best.accuracy)}"
    interval = f"{points(best.gain)} points, paired 95 % interval {range_text(best.gain_ci95, signed=True)}"
    interval += held_out_text(summary)
    if best.gain_ci95 is not None and best.gain_ci95.low > 0:
        return f"{level_in_words(summary, best)} raises accuracy {change} ({interval})."
    return f"No clear change: accuracy goes {change} at the best level ({interval})."


def held_out_text(summary: Summary) -> str:
    """What remains of the gain when the best of several levels is chosen on other problems than it is measured on."""
    if summary.held_out is None or len(summary.levels) < 3:
        return ""
    gain = f"{points(summary.held_out.gain)} ({range_text(summary.held_out.ci95, signed=True)})"
    return f"; the best of {len(summary.levels)} levels, chosen on half the problems and measured on the rest: {gain}"


def level_in_words(summary: Summary, level: LevelSummary) -> str:
    """A level as the subject of a sentence."""
    if not summary.ignoring:
        return f"Level {level.level} instead of {summary.levels[0].level} ({summary.axis})"
    return f"Ignoring {counted(level.level, 'stop')}"


def strategy_text(summary: Summary) -> str:
    """The strategy, and the kind of sweep where the strategy has a choice."""
    with_sweep = summary.sweep and summary.ignoring
    return f"{summary.strategy}, {summary.sweep} sweep" if with_sweep else summary.strategy


def cost_sentence(summary: Summary) -> str:
    """Tokens generated, wall-clock time, and the cost of independent runs."""
    if summary.origin == "imported":
        how = "; tokens estimated: characters / 4" if summary.tokens_estimated else ""
        return f"{summary.generated_tokens:,} tokens imported{how}."
    if summary.origin == "replayed":
        return f"{summary.generated_tokens:,} tokens replayed: a separate run would have generated them."
    spent = f"{summary.generated_tokens:,} tokens generated in {duration(summary.wall_seconds)}"
    if summary.cost_fraction is None or summary.independent_tokens is None or summary.sweep == "independent":
        return f"{spent}."
    return f"{spent}: {percent(summary.cost_fraction)} of the {summary.independent_tokens:,} of independent runs."


def money_sentence(summary: Summary) -> str:
    """What the run cost in money; empty for a run without prices."""
    money = summary.money
    if money is None:
        return ""
    if money.total is None or money.per_problem is None:
        return f"Cost in {money.currency}: unknown; the server reports no prompt tokens for any problem."
    said = f"Cost: {money_text(money.total)} {money.currency}, {money_text(money.per_problem)} a problem"
    records = counted(summary.problems * summary.samples, "record")
    unknown = f"; unknown for {money.unknown:,} of {records}" if money.unknown else ""
    return f"{said}{unknown}."


def latency_sentence(summary: Summary) -> str:
    """How long a problem took, and the first token of its reply; empty for a run that called no engine."""
    latency = summary.latency
    if latency is None:
        return ""
    each = "a sample of a problem" if summary.samples > 1 else "a problem"
    median, most = duration(latency.seconds_p50), duration(latency.seconds_p95)
    said = f"Time for {each}, all levels: median {median}, 95 % within {most}"
    if latency.first_token_p50 is None or latency.first_token_p95 is None:
        return f"{said}."
    first = f"first token: median {brief(latency.first_token_p50)}, 95 % within {brief(latency.first_token_p95)}"
    records = summary.problems * summary.samples
    some = f" (streamed for {latency.streamed:,} of {counted(records, 'record')})" if latency.streamed < records else ""
    return f"{said}; {first}{some}."


def brief(seconds: float) -> str:
    """A short time, as in ``0.084 s``; from 10 seconds on as ``duration``."""
    return f"{seconds:.2g} s" if seconds < 10 else duration(seconds)


def money_text(amount: float) -> str:
    """An amount: to the cent from 1 on, to three digits below."""
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.3g}"


def slope_sentence(summary: Summary) -> str:
    """The slope in points per 1,000 thinking tokens with its interval; empty where it is undefined."""
    slope = summary.metrics.slope_per_1k_tokens
    if slope is None:
        return ""
    interval = summary.metrics.slope_ci95
    between = f" (95 % interval {range_text(interval, signed=True)})" if interval else ""
    return f"{points(slope)} points of accuracy per 1,000 thinking tokens{between}."


def problems_text(summary: Summary) -> str:
    """How many problems a run has, and how many samples of each."""
    problems = counted(summary.problems, "problem")
    return f"{problems} x {summary.samples} samples" if summary.samples > 1 else problems


def samples_sentence(summary: Summary) -> str:
    """What several samples give at the first and the last level; empty with one sample of every problem."""
    shown = [level for level in (summary.levels[:1] + summary.levels[1:][-1:]) if level.at_k]
    if not shown:
        return ""
    parts = []
    for level in shown:
        most = level.at_k[-1]
        parts.append(
            f"level {level.level}: avg@{most.k} {percent(level.accuracy)}, maj@{most.k} {percent(most.maj_at_k)} "
            f"({range_text(most.maj_ci95)}), pass@{most.k} {percent(most.pass_at_k)} ({range_text(most.pass_ci95)})"
        )
    return "; ".join(parts) + "; intervals are clustered by problem."


def biases_sentence(summary: Summary) -> str:
    """Answers that the model favours or avoids at the last level; empty where there is none beyond chance."""
    return " ".join(bias_sentences(summary.biases))


def measures_sentence(summary: Summary) -> str:
    """The benchmark's own measures from the first level to the last; empty for a benchmark without any."""
    if summary.measures is None:
        return ""
    values = (f"{each.name} {percent(each.first)} → {percent(each.last)}" for each in summary.measures.values)
    return ", ".join(values) + ("; " if summary.measures.values else "") + groups_text(summary.measures)


def groups_text(measured: GroupSummary | Measures) -> str:
    """How many groups of problems the measures are over, and how many are incomplete and left out."""
    left_out = f"; incomplete and left out: {measured.incomplete:,}" if measured.incomplete else ""
    return f"complete groups of problems: {measured.groups:,}{left_out}."


def judge_sentence(judged: int, verdicts: int, judge: str, detail: str = "") -> str:
    """How many verdicts are a judge model's, and which model that is."""
    return f"{judged:,} of {verdicts:,} verdicts judged by {judge}{detail}: no rule could read those answers."


def judge_note(summary: Summary) -> str:
    """``judge_sentence`` for a run, with the count of every level; empty without a judge."""
    if summary.judge is None:
        return ""
    counts = [level.judged for level in summary.levels]
    detail = f" (by level: {', '.join(map(str, counts))})"
    return judge_sentence(sum(counts), summary.problems * len(counts), summary.judge, detail)


def failed_sentence(summary: Summary) -> str:
    """How many problems failed and what to do; empty where none did."""
    if not summary.failed:
        return ""
    verb = "is" if summary.failed == 1 else "are"
    return f"{counted(summary.failed, 'problem')} failed and {verb} pending; re-run the command to resume."
