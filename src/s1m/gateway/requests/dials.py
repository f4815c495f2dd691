"""The dial in the words that people already send.

Each line wins over those before it:

the gateway's own flags or --effort
"model": "name:high", "name:ignore-3", "name:think-2k"
reasoning_effort, reasoning.effort
reasoning.max_tokens, thinking.budget_tokens, thinking_token_budget, thinking_budget
reasoning.enabled, thinking.type, chat_template_kwargs.enable_thinking, enable_thinking
s1m
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from s1m.gateway.dial import MOST_IGNORED, Dial, Efforts, with_fields, with_row
from s1m.gateway.errors import ApiError
from s1m.gateway.requests.fields import Fields, shown

ALIAS = re.compile(
    r"""
    ignore-(?P<ignored>\d{1,3})                # "name:ignore-3"
  | think-(?P<tokens>\d{1,9})(?P<kilo>k?)      # "name:think-2k", "name:think-500"
    """,
    re.VERBOSE,
)
THINKING_TYPES = ("enabled", "disabled", "adaptive")


@dataclass(frozen=True, kw_only=True)
class DialRules:
    """What a request's dial starts from, and how far it goes."""

    model: str
    default: Dial
    efforts: Efforts
    most_thinking_tokens: int
    most_chains: int


def read_dial(fields: Fields, rules: DialRules) -> Dial:
    """The dial of a request, from all the fields that turn it. Raises ``ApiError``."""
    dial = _of_model(fields, rules)
    reasoning = fields.object("reasoning") or Fields({}, "reasoning")
    thinking = fields.object("thinking") or Fields({}, "thinking")
    template = fields.object("chat_template_kwargs") or Fields({}, "chat_template_kwargs")
    own = fields.object("s1m") or Fields({}, "s1m")
    effort = _agreed(
        (fields.at("reasoning_effort"), fields.text("reasoning_effort")),
        (reasoning.at("effort"), reasoning.text("effort")),
    )
    if effort is not None:
        dial = _with_effort(dial, effort[0], effort[1], rules)
    most = rules.most_thinking_tokens
    budget = _agreed(
        (reasoning.at("max_tokens"), reasoning.whole("max_tokens", 0, most)),
        (thinking.at("budget_tokens"), thinking.whole("budget_tokens", 0, most)),
        (fields.at("thinking_token_budget"), fields.whole("thinking_token_budget", 0, most)),
        (fields.at("thinking_budget"), fields.whole("thinking_budget", 0, most)),
    )
    if budget is not None:
        dial = _with_budget(dial, *budget)
    switch = _agreed(
        (reasoning.at("enabled"), reasoning.flag("enabled")),
        (thinking.at("type"), _switched(thinking.text("type", THINKING_TYPES))),
        (template.at("enable_thinking"), template.flag("enable_thinking")),
        (fields.at("enable_thinking"), fields.flag("enable_thinking")),
    )
    if switch is not None:
        dial = replace(dial, thinking=switch[1])
    reasoning.passed_over("exclude", "summary", "generate_summary")
    own.passed_over("events")
    for part in (reasoning, thinking, template):
        part.done()
    return _within(with_fields(dial, own, most), rules)


def _of_model(fields: Fields, rules: DialRules) -> Dial:
    """The dial that the model's name carries. Raises ``ApiError`` for a model that is not served."""
    name = fields.text("model")
    if name is None:
        raise ApiError(f"model is missing; this gateway serves {rules.model}", "model", code="missing_parameter")
    if name == rules.model:
        return rules.default
    base, colon, alias = name.rpartition(":")
    unknown = ApiError(
        f"there is no model {shown(name)}; this gateway serves {rules.model}, and as {rules.model}:ALIAS with "
        f"ignore-3, think-2k or {', '.join(rules.efforts)}",
        "model",
        status=404,
        code="model_not_found",
    )
    if not colon or base != rules.model:
        raise unknown
    if alias in rules.efforts:
        return with_row(rules.default, rules.efforts[alias], alias)
    match = ALIAS.fullmatch(alias)
    if match is None:
        raise unknown
    if match["ignored"]:
        if int(match["ignored"]) > MOST_IGNORED:
            raise ApiError(f"model {shown(name)}: at most {MOST_IGNORED} stops can be ignored", "model")
        strategy = "sequential" if rules.default.is_policy else rules.default.strategy
        return replace(rules.default, num_ignore=(int(match["ignored"]),), strategy=strategy)
    tokens = int(match["tokens"]) * (1024 if match["kilo"] else 1)
    if tokens > rules.most_thinking_tokens:
        raise ApiError(f"model {shown(name)}: at most {rules.most_thinking_tokens} tokens may be thought", "model")
    return _with_budget(rules.default, "model", tokens)


def _with_effort(dial: Dial, where: str, effort: str, rules: DialRules) -> Dial:
    if effort not in rules.efforts:
        known = ", ".join(rules.efforts)
        raise ApiError(f"{where} must be one of {known}, not {shown(effort)}", where, code="invalid_value")
    return with_row(dial, rules.efforts[effort], effort)


def _with_budget(dial: Dial, where: str, tokens: int) -> Dial:
    """At most ``tokens`` of thinking; none at all for 0."""
    if tokens == 0:
        return replace(dial, thinking=False)
    if tokens < dial.min_thinking_tokens:
        raise ApiError(f"{where} is below the least thinking tokens ({dial.min_thinking_tokens})", where)
    return replace(dial, max_thinking_tokens=tokens)


def _switched(kind: str | None) -> bool | None:
    return None if kind is None else kind != "disabled"


def _agreed(*given: tuple[str, Any]) -> tuple[str, Any] | None:
    """The field that says it, and its value. Raises ``ApiError`` where two fields disagree."""
    said = [(where, value) for where, value in given if value is not None]
    for where, value in said[1:]:
        if value != said[0][1]:
            raise ApiError(f"{said[0][0]} and {where} disagree; leave one out", where, code="invalid_value")
    return said[0] if said else None


def _within(dial: Dial, rules: DialRules) -> Dial:
    if dial.max_thinking_tokens > rules.most_thinking_tokens:
        dial = replace(dial, max_thinking_tokens=rules.most_thinking_tokens)
    return dial
