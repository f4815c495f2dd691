"""The cost of an answer in one of three units, for every problem and level.

tokens    generated tokens: the thinking that leads to the answer, and every answer from which it was chosen
flops     operations for those tokens, each of which attends to all before it, and for reading the prompt once
seconds   wall-clock time of the run in proportion to generated tokens
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from s1m.analysis.comparison.model_shape import ModelShape, shape_of_run
from s1m.analysis.run.summarize import wall_seconds
from s1m.errors import UsageError
from s1m.types import Answer, Record, Trace

if TYPE_CHECKING:
    from s1m.evaluate.store import Run

Unit = Literal["tokens", "flops", "seconds"]

PREFIXES = {10**3: "k", 10**6: "M", 10**9: "G", 10**12: "T", 10**15: "P"}


@dataclass(frozen=True, kw_only=True)
class Costing:
    """How costs are counted. ``shape`` overrides the shape that is read from each run's model."""

    unit: Unit = "tokens"
    shape: ModelShape | None = None
    prompt_tokens: int = 0
    """Tokens of a problem's prompt, images included; not every record contains them."""


def costs_of(run: Run, records: list[Record], costing: Costing) -> list[list[float]]:
    """The costs of the answers of records, in their order, level by level.

    Raises ``UsageError`` where the run does not have what the unit needs.
    """
    label = run.folder.name
    traces = [record.trace for record in records]
    if costing.unit == "flops":
        shape = costing.shape or shape_of_run(run.settings, label)
        return [[flops(trace, answer, shape, costing.prompt_tokens) for answer in trace.answers] for trace in traces]
    unit_cost = seconds_per_token(run) if costing.unit == "seconds" else 1
    return [[unit_cost * generated(trace, answer) for answer in trace.answers] for trace in traces]


def generated(trace: Trace, answer: Answer) -> int:
    """Tokens generated for an answer."""
    return trace.thinking_tokens(answer) + trace.answer_tokens(answer)


def flops(trace: Trace, answer: Answer, shape: ModelShape, prompt_tokens: int) -> float:
    """Operations spent on an answer; cached keys and values are not computed again."""
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


def seconds_per_token(run: Run) -> float:
    """Wall-clock seconds of a run divided by its generated tokens.

    Not the seconds of single problems: those overlap, because problems run at the same time. Raises ``UsageError`` for
    a run that called no engine.
    """
    origin = str(run.settings.get("origin", "generated"))
    if origin != "generated":
        raise UsageError(f"{run.folder.name} is {origin} and has no times; compare by --cost tokens or flops")
    tokens = sum(record.trace.generated_tokens for record in run.records)
    return wall_seconds(run.records) / tokens if tokens else 0.0


def cost_text(cost: float, unit: Unit) -> str:
    """A cost, without the name of its unit: ``1,234`` tokens, ``5.6 G`` operations, ``0.12 s``."""
    if unit == "tokens":
        return f"{cost:,.0f}"
    if unit == "seconds":
        return f"{cost:.3g} s"
    scale = max((power for power in PREFIXES if cost >= power), default=1)
    return f"{cost / scale:.3g} {PREFIXES.get(scale, '')}".strip()
