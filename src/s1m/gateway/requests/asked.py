"""A request of either kind, read: what to ask of the engine, and how the reply is wanted."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

from s1m.forcing import Forcing
from s1m.forcing.base import BaseStrategy
from s1m.forcing.flow import derive_seed
from s1m.forcing.strategy import Flow, Task
from s1m.gateway.dial import Dial
from s1m.gateway.errors import ApiError
from s1m.gateway.requests.dials import DialRules, read_dial
from s1m.gateway.requests.fields import Fields
from s1m.gateway.requests.messages import Conversation
from s1m.gateway.requests.pictures import PictureRules
from s1m.gateway.requests.structure import Structure
from s1m.types import Problem, Sampling

MOST_SEED = 2**31 - 1
ANSWER_SHARE = 4
"""Of a limit on all tokens, the answer keeps one part in four."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What every request of a gateway starts from and is held to."""

    dial: DialRules
    pictures: PictureRules
    forcing: Forcing
    sampling: Sampling
    keeps_to_policy: bool = True
    """Whether a request that a policy decides on must be drawn as the policy was tuned."""
    can_bind: bool
    """Whether the engine can bind an answer to a JSON schema."""
    takes_turns: bool
    """Whether the engine reads what was said before a question."""
    passes_options: bool
    """Whether the engine passes on ``top_k``, ``min_p`` and ``presence_penalty``."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: its problem, how to think about it, and how the reply is wanted."""

    id: str
    model: str
    problem: Problem
    dial: Dial
    strategy: BaseStrategy
    sampling: Sampling
    seed: int
    structure: Structure
    stream: bool
    shows_reasoning: bool
    shows_events: bool
    """Whether the stream also says what the page draws: ignored stops, ends of segments, answers of all levels."""
    echoed: dict[str, Any]
    """What the reply repeats of the request."""
    choices: int = 1
    """How many answers are wanted, each with thinking of its own."""
    stop: tuple[str, ...] = ()
    """Strings at the first of which the answer is cut."""

    def each(self) -> tuple[Asked, ...]:
        """The request once for every choice; the first has its seed, so it is what it would be alone."""
        seeds = (derive_seed(self.seed, "choice", number) for number in range(1, self.choices))
        return (self, *(replace(self, seed=seed) for seed in seeds))

    def flow(self) -> Flow:
        """The conversation with the engine."""
        return self.strategy.flow(Task(seed=self.seed))


def read_sampling(fields: Fields, rules: Rules) -> Sampling:
    """How tokens are drawn: the gateway's own settings but for what the request says."""
    given: dict[str, Any] = {
        "temperature": fields.number("temperature", 0, 2),
        "top_p": fields.number("top_p", 1e-6, 1),
        "top_k": fields.whole("top_k", -1, 10**6),
        "min_p": fields.number("min_p", 0, 1),
        "presence_penalty": fields.number("presence_penalty", -2, 2),
        "repetition_penalty": fields.number("repetition_penalty", 1e-3, 10),
    }
    if given["top_k"] == -1:  # as vLLM says that it is off
        given["top_k"] = 0
    for name in ("top_k", "min_p", "presence_penalty"):
        if given[name] and not rules.passes_options:
            raise ApiError(f"{name} is not supported by this gateway's engine; leave it out", fields.at(name))
    return replace(rules.sampling, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, kw_only=True)
class Form:
    """What differs between the endpoints: how replies are named, and which field limits all tokens together."""

    prefix: str
    most_tokens: int | None
    limit_name: str
    echoed: dict[str, Any]
    choices: int = 1
    stop: tuple[str, ...] = ()


def asked_from(fields: Fields, conversation: Conversation, structure: Structure, rules: Rules, form: Form) -> Asked:
    """The request, from what both endpoints have in common. Raises ``ApiError``."""
    dial = read_dial(fields, rules.dial)
    seed = fields.whole("seed", -(2**63))
    sampling = read_sampling(fields, rules)
    stream = fields.flag("stream") or False
    reasoning, own = (fields.any(name) or {} for name in ("reasoning", "s1m"))
    fields.done()
    if dial.is_policy and rules.keeps_to_policy:
        _check_policy(dial, sampling, rules)
    dial, answer_tokens = within_limit(dial, form, rules, bool(own.get("min_thinking_tokens")))
    problem = _problem(structure.instructed(conversation), f"{form.prefix}{secrets.token_hex(12)}", rules)
    strategy = _strategy(dial, answer_tokens, structure, rules)
    if form.choices > 1:
        _check_choices(form.choices, strategy, rules)
    return Asked(
        id=problem.id,
        model=fields.text("model") or "",
        problem=problem,
        dial=dial,
        strategy=strategy,
        sampling=sampling,
        seed=secrets.randbelow(MOST_SEED) if seed is None else seed,
        structure=structure,
        stream=stream,
        shows_reasoning=not reasoning.get("exclude", False),
        shows_events=bool(own.get("events", False)),
        echoed=form.echoed,
        choices=form.choices,
        stop=form.stop,
    )


def _check_choices(choices: int, strategy: BaseStrategy, rules: Rules) -> None:
    """Raise ``ApiError`` for more answers than a gateway gives at a time."""
    allowed, chains = rules.dial.most_chains, choices * strategy.most_chains
    if chains > allowed:
        raise ApiError(f"n {choices} asks for {chains} chains of thought; this gateway allows {allowed}", "n")


def _check_policy(dial: Dial, sampling: Sampling, rules: Rules) -> None:
    """Raise ``ApiError`` for a request that differs from what the policy was tuned for, as the gateway does not."""
    for name in Sampling.__dataclass_fields__:
        given, tuned = getattr(sampling, name), getattr(rules.sampling, name)
        if given != tuned:
            raise ApiError(
                f"{name} {given}: the policy was tuned at {tuned}; leave it out, or send another effort", name
            )
    if dial.ignore_strings != rules.forcing.ignore_strings:
        raise ApiError(
            "s1m.ignore_strings: the policy was tuned with others; leave them out, or send another strategy",
            "s1m.ignore_strings",
        )


def _problem(conversation: Conversation, request_id: str, rules: Rules) -> Problem:
    if conversation.turns and not rules.takes_turns:
        raise ApiError(
            "messages: system prompts and earlier turns are not supported by this gateway's engine; send one question",
            "messages",
            code="unsupported_value",
        )
    return Problem(
        id=request_id,
        question=conversation.question,
        images=conversation.images,
        gold="",
        turns=conversation.turns,
    )


def _strategy(dial: Dial, answer_tokens: int, structure: Structure, rules: Rules) -> BaseStrategy:
    if structure.is_bound and not rules.can_bind:
        raise ApiError(
            f"{structure.field} needs an engine that binds answers to a JSON schema; this gateway's cannot: leave it "
            "out, or start the gateway with --engine vllm, http, sglang or llamacpp",
            structure.field,
            code="unsupported_parameter",
        )
    forcing = replace(rules.forcing, max_answer_tokens=answer_tokens, answer_schema=structure.schema)
    strategy = dial.strategy_for(forcing)
    if strategy.most_chains > rules.dial.most_chains:
        allowed = rules.dial.most_chains
        raise ApiError(
            f"s1m.levels asks for {strategy.most_chains} chains of thought; this gateway allows {allowed}", "s1m.levels"
        )
    return strategy


def within_limit(dial: Dial, form: Form, rules: Rules, asks_least: bool = False) -> tuple[Dial, int]:
    """The dial and the answer's budget within a limit on both together, as OpenAI counts ``max_completion_tokens``.

    Without thinking the answer may take what thinking and answer may take together. A limit of one token leaves no room
    to think: programs send it to see whether a model is alive, and get the first token of an answer. The gateway's own
    least thinking gives way to a limit; where the request itself ``asks_least``, the two contradict each other.
    """
    answer_tokens, most_tokens = rules.forcing.max_answer_tokens, form.most_tokens
    if most_tokens is None:
        return dial, answer_tokens
    if not dial.thinking:
        return dial, min(most_tokens, answer_tokens + rules.dial.most_thinking_tokens)
    answer = min(answer_tokens, max(1, most_tokens // ANSWER_SHARE))
    thinking = min(dial.max_thinking_tokens, most_tokens - answer)
    if asks_least and thinking < dial.min_thinking_tokens:
        name, least = form.limit_name, dial.min_thinking_tokens
        raise ApiError(
            f"{name} {most_tokens} leaves no room for {least} thinking tokens; raise it, or lower "
            "s1m.min_thinking_tokens",
            name,
        )
    if thinking < 1:
        return replace(dial, thinking=False), answer
    least = min(dial.min_thinking_tokens, thinking)
    return replace(dial, max_thinking_tokens=thinking, min_thinking_tokens=least), answer
