"""What a finished flow means to a client: the answer, the reasoning before it, what it cost, and what s1m adds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from s1m.engines.stops import first_stop
from s1m.errors import EngineError
from s1m.forcing.stopping import Features, features_at
from s1m.forcing.strategy import whole_text
from s1m.gateway.requests.asked import Asked
from s1m.types import Answer, Trace


@dataclass(frozen=True, kw_only=True)
class Call:
    """A tool that the answer calls; ``arguments`` are JSON as text."""

    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One request, done."""

    content: str
    reasoning: str
    ended: Literal["stop", "length", "tool_calls"]
    calls: tuple[Call, ...]
    prompt_tokens: int
    """Of the conversation, images included; 0 where the engine does not say."""
    reasoning_tokens: int
    completion_tokens: int
    extra: dict[str, Any]
    """The ``s1m`` object."""
    stopped: Features | None = None
    """What was known where a policy stopped."""


def outcome_of(asked: Asked, trace: Trace, seconds: float, prompt_tokens: int | None = None) -> Outcome:
    """The outcome of a flow whose prompt had ``prompt_tokens``, None where that is not known.

    Raises ``EngineError`` for an answer that is not the JSON it was bound to.
    """
    final = trace.answers[-1]
    content, calls = shaped(asked, final)
    thinking = sum(segment.tokens for chain in trace.chains for segment in chain)
    return Outcome(
        content=content,
        reasoning=reasoning_of(trace, final),
        ended="tool_calls" if calls else "length" if is_cut_off(asked, final) else "stop",
        calls=calls,
        prompt_tokens=prompt_tokens or 0,
        reasoning_tokens=thinking,
        completion_tokens=trace.generated_tokens,
        extra=extra_of(asked, trace, seconds),
        stopped=stopped_at(trace) if asked.dial.is_policy else None,
    )


def is_cut_off(asked: Asked, answer: Answer) -> bool:
    """Whether an answer ended at its budget, and not at a string that the request stops at."""
    return answer.finish == "length" and not said_before(asked.stop, answer.text)[1]


def stopped_at(trace: Trace) -> Features:
    """What was known at the last answer that a policy asked for."""
    return features_at(trace.chains[0], trace.samples, [whole_text(sample.text) for sample in trace.samples])


def reasoning_of(trace: Trace, answer: Answer) -> str:
    """The thinking that an answer follows, ignore strings included."""
    chain = trace.chains[answer.chain][: answer.segments] if trace.chains else ()
    return "".join(segment.injected + segment.text for segment in chain)


def shaped(asked: Asked, answer: Answer) -> tuple[str, tuple[Call, ...]]:
    """The text of an answer and the tools that it calls."""
    text = answer.text.strip()
    if not asked.structure.is_bound or answer.finish == "length":
        return said_before(asked.stop, answer.text)[0], ()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise EngineError(
            f"the engine did not bind the answer to the schema: {len(text)} characters, no JSON"
        ) from None
    if not asked.structure.tools:
        return said_before(asked.stop, text)[0], ()
    if isinstance(value, dict) and isinstance(value.get("tool"), str):
        arguments = json.dumps(value.get("arguments", {}), ensure_ascii=False)
        return "", (Call(name=value["tool"], arguments=arguments),)
    if isinstance(value, dict) and "answer" in value:
        given = value["answer"]
        said = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        return said_before(asked.stop, said)[0], ()
    raise EngineError("the engine did not bind the answer to the tools: JSON that names none")


def said_before(stops: Sequence[str], text: str) -> tuple[str, bool]:
    """An answer's text up to the first of ``stops``, without blanks around it, and whether it was cut there."""
    start = first_stop(text, stops)
    return text[:start].strip(), start is not None


def extra_of(asked: Asked, trace: Trace, seconds: float) -> dict[str, Any]:
    """What s1m adds to a reply: the seed, the segments with their stop classes, and the answer of every level."""
    chains = [
        [
            {
                "injected": segment.injected,
                "text": segment.text,
                "tokens": segment.tokens,
                "stop": segment.stop,
                "flaws": list(segment.flaws),
            }
            for segment in chain
        ]
        for chain in trace.chains
    ]
    return {
        "strategy": asked.dial.strategy if asked.dial.thinking else "none",
        "seed": asked.seed,
        "ignored_stops": max((len(chain) - 1 for chain in trace.chains if chain), default=0),
        "segments": chains[0] if len(chains) == 1 else [],
        "chains": chains if len(chains) > 1 else [],
        "levels": [level_of(answer, trace) for answer in trace.answers],
        "seconds": round(seconds, 3),
    }


def level_of(answer: Answer, trace: Trace) -> dict[str, Any]:
    """The answer of one level, with what it cost."""
    return {
        "level": answer.level,
        "content": answer.text.strip(),
        "stop": answer.stop,
        "thinking_tokens": trace.thinking_tokens(answer),
        "answer_tokens": trace.answer_tokens(answer),
        "finish": "length" if answer.finish == "length" else "stop",
        "tries": answer.tries,
        "same_as": answer.same_as,
    }
