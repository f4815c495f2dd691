"""What a reader has to know before comparing runs: what costs hold and leave out, and where runs are unlike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from s1m.analysis.comparison.cost import Costing
from s1m.analysis.run.summary import Summary

if TYPE_CHECKING:
    from s1m.evaluate.store import Run


def notes_on(runs: Sequence[Run], summaries: Sequence[Summary], costing: Costing, *, shared: int) -> tuple[str, ...]:
    """The remarks on a comparison, warnings first; ``shared`` problems are in every run."""
    return (*unlike(runs, summaries, costing, shared), what_costs_hold(costing))


def unlike(runs: Sequence[Run], summaries: Sequence[Summary], costing: Costing, shared: int) -> Iterator[str]:
    """Where the runs differ in more than their strategy."""
    models = dict.fromkeys(summary.model or "unnamed" for summary in summaries)
    if len(models) > 1:
        yield f"Warning: the runs are of different models: {', '.join(models)}."
    engines = dict.fromkeys(summary.engine for summary in summaries)
    if len(engines) > 1 and costing.unit == "seconds":
        yield f"Warning: seconds on different engines say nothing of strategies: {', '.join(engines)}."
    for name in ("temperature", "top_p", "max_thinking_tokens", "max_answer_tokens", "split"):
        values = dict.fromkeys(str(run.settings[name]) for run in runs if name in run.settings)
        if len(values) > 1:
            yield f"Warning: the runs differ in {name}: {', '.join(values)}."
    if any(summary.problems != shared for summary in summaries):
        yield f"Warning: only {shared:,} problems are in every run; each point is over all problems of its run."
    for summary in summaries:
        if summary.failed:
            yield f"Warning: {summary.failed:,} problems of {summary.run} failed and have no record."
        if summary.tokens_estimated:
            yield f"Warning: the tokens of {summary.run} are estimated: characters / 4."


def what_costs_hold(costing: Costing) -> str:
    """What a cost is made of, in this unit."""
    if costing.unit == "flops":
        prompt = (
            f"{costing.prompt_tokens:,} prompt tokens a problem, images included, are read once"
            if costing.prompt_tokens
            else "reading the prompt is left out, for no record knows its tokens (--prompt-tokens N tells them)"
        )
        return (
            "Cost is floating-point operations a problem: for each generated token 2 x parameters, and 4 x layers x "
            f"hidden x the tokens that it attends to; what is cached is not computed again; {prompt}; strings put "
            "between thinking and the vision tower are left out."
        )
    if costing.unit == "seconds":
        return (
            "Cost is wall seconds a problem: the run's wall time on its engine, shared out over the tokens that it "
            "generated; it depends on the machine and on how many problems ran at once."
        )
    return (
        "Cost is generated tokens a problem: the thinking that had to be done for the answer, and all answers that it "
        "was chosen from; prompt and image tokens are in no record and left out."
    )
