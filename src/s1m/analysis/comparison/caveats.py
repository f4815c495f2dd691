"""Caveats of a comparison: where the runs differ in more than their strategy, and what the costs include."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from s1m.analysis.comparison.cost import Costing
from s1m.analysis.run.summary import Summary

if TYPE_CHECKING:
    from s1m.evaluate.store import Run


def caveats_of(runs: Sequence[Run], summaries: Sequence[Summary], costing: Costing, *, in_all: int) -> tuple[str, ...]:
    """The notes on a comparison, warnings first; ``in_all`` is the number of problems that every run has."""
    return (*warnings_of(runs, summaries, costing, in_all), cost_note(costing))


def warnings_of(runs: Sequence[Run], summaries: Sequence[Summary], costing: Costing, in_all: int) -> Iterator[str]:
    """Warnings where the runs differ in more than their strategy, failed, or have estimated tokens."""
    models = dict.fromkeys(summary.model or "unnamed" for summary in summaries)
    if len(models) > 1:
        yield f"Warning: the runs used different models: {', '.join(models)}."
    engines = dict.fromkeys(summary.engine for summary in summaries)
    if len(engines) > 1 and costing.unit == "seconds":
        yield f"Warning: seconds on different engines do not compare strategies: {', '.join(engines)}."
    for name in ("temperature", "top_p", "max_thinking_tokens", "max_answer_tokens", "split"):
        values = dict.fromkeys(str(run.settings[name]) for run in runs if name in run.settings)
        if len(values) > 1:
            yield f"Warning: the runs differ in {name}: {', '.join(values)}."
    if any(summary.problems != in_all for summary in summaries):
        yield f"Warning: only {in_all:,} problems are in every run; each point is over all problems of its run."
    for summary in summaries:
        if summary.failed:
            yield f"Warning: {summary.failed:,} problems of {summary.run} failed and have no record."
        if summary.tokens_estimated:
            yield f"Warning: the tokens of {summary.run} are estimated: characters / 4."


def cost_note(costing: Costing) -> str:
    """What a cost includes and leaves out, in this unit."""
    if costing.unit == "flops":
        prompt = (
            f"{costing.prompt_tokens:,} prompt tokens a problem, images included, are read once"
            if costing.prompt_tokens
            else "reading the prompt is left out, because records do not contain its tokens (give --prompt-tokens N)"
        )
        return (
            "Cost is floating-point operations per problem: for each generated token 2 x parameters, and 4 x layers x "
            f"hidden x the tokens that it attends to; cached tokens are not computed again; {prompt}; injected strings "
            "and the vision tower are left out."
        )
    if costing.unit == "seconds":
        return (
            "Cost is wall-clock seconds per problem: the run's time on its engine, in proportion to generated tokens; "
            "it depends on the machine and on how many problems ran at once."
        )
    return (
        "Cost is generated tokens per problem: the thinking that leads to the answer, and all answers from which it "
        "was chosen; prompt and image tokens are left out, because not every server reports them."
    )
