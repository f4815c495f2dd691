"""What an answer cost, in one of three units, problem by problem and level by level.

tokens    generated: the thinking that had to be done for the answer and every answer that it was chosen from
flops     of those tokens, each after all that stands before it, and of reading the prompt once
seconds   the run's wall time, shared out over its generated tokens
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from s1m.analysis.comparison.shape import Shape, shape_of
from s1m.analysis.run.measure import wall_seconds
from s1m.errors import UsageError
from s1m.types import Answer, Record, Trace

if TYPE_CHECKING:
    from s1m.evaluate.store import Run

Unit = Literal["tokens", "flops", "seconds"]
UNITS: tuple[Unit, ...] = get_args(Unit)


@dataclass(frozen=True, kw_only=True)
class Costing:
    """How costs are counted. ``shape`` is that of every run's model, where it is told rather than read."""

    unit: Unit = "tokens"
    shape: Shape | None = None
    prompt_tokens: int = 0
    """Of a problem's prompt, images included; no record knows them."""


def costs_of(run: Run, records: list[Record], costing: Costing) -> list[list[float]]:
    """The costs of the answers of records, in their order, level by level.

    Raises ``UsageError`` where a unit cannot be had for the run.
    """
    label = run.folder.name
    traces = [record.trace for record in records]
    if costing.unit == "flops":
        shape = costing.shape or shape_of(run.settings, label)
        return [[flops(trace, each, shape, costing.prompt_tokens) for each in trace.answers] for trace in traces]
    each_token = seconds_a_token(run) if costing.unit == "seconds" else 1
    return [[each_token * generated(trace, answer) for answer in trace.answers] for trace in traces]


def generated(trace: Trace, answer: Answer) -> int:
    """Tokens generated to have an answer."""
    return trace.thinking_tokens(answer) + trace.answer_tokens(answer)


def flops(trace: Trace, answer: Answer, shape: Shape, prompt_tokens: int) -> float:
    """Operations spent to have an answer; what is cached already is not computed again."""
    total = shape.flops(0, prompt_tokens)
    for chain, end in trace.reached(answer).items():
        before = prompt_tokens
        for segment in trace.chains[chain][:end]:
            total += shape.flops(before, segment.tokens)
            before += segment.tokens
    for paid in trace.paid_for(answer):
        thought = sum(segment.tokens for segment in trace.chains[paid.chain][: paid.segments])
        total += shape.flops(prompt_tokens + thought, paid.tokens)
    return total


def seconds_a_token(run: Run) -> float:
    """Wall seconds of a run by its generated tokens: problems run at the same time, so their own seconds say less.

    Raises ``UsageError`` for a run that nobody timed.
    """
    origin = str(run.settings.get("origin", "generated"))
    if origin != "generated":
        raise UsageError(f"{run.folder.name} is {origin}, so it was not timed; compare by --cost tokens or flops")
    tokens = sum(record.trace.generated_tokens for record in run.records)
    return wall_seconds(run.records) / tokens if tokens else 0.0
