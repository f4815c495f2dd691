"""How long a request thinks: one value for all the words that clients send for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s1m.errors import UsageError
from s1m.files.settings import read_toml
from s1m.forcing import Forcing
from s1m.forcing.base import BaseStrategy, Options
from s1m.forcing.choose import Weight
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.stopping import Rule
from s1m.forcing.strategies import STRATEGIES, find_strategy
from s1m.gateway.errors import ApiError
from s1m.gateway.requests.fields import Fields

POLICY = "policy"
"""The strategy that stops where a rule says so, which ``s1m tune`` has made."""
MOST_IGNORED = 100
"""Largest ``num_ignore`` that a request may ask for: every one is a further stretch of thinking."""
MOST_LEVELS = 32
MOST_STRINGS = 32
MOST_STRING = 1000
"""Characters of an ignore string."""


@dataclass(frozen=True, kw_only=True)
class Dial:
    """Whether to think, how, and for how many tokens."""

    thinking: bool = True
    strategy: str
    num_ignore: tuple[int, ...]
    levels: tuple[int, ...] = ()
    ignore_strings: tuple[str, ...]
    weight: Weight = "equal"
    sure: float = 0.0
    rule: Rule | None = None
    """When to stop, for strategy policy; None where the gateway has no policy."""
    min_thinking_tokens: int = 0
    max_thinking_tokens: int

    @property
    def is_policy(self) -> bool:
        """Whether a policy decides how long to think."""
        return self.thinking and self.strategy == POLICY

    def strategy_for(self, forcing: Forcing) -> BaseStrategy:
        """The strategy that the dial describes; ``forcing`` has what it leaves open. Raises ``ApiError``.

        Without thinking it is a cap of 0 tokens: the answer follows an empty thought.
        """
        try:
            own = replace(
                forcing,
                num_ignore=self.num_ignore,
                ignore_strings=self.ignore_strings,
                max_thinking_tokens=self.max_thinking_tokens,
                min_thinking_tokens=self.min_thinking_tokens if self.thinking else 0,
            )
            if not self.thinking:
                return find_strategy("cap").build(own, Options(levels=(0,)))
            strategy = find_strategy(self.strategy)
            levels = () if strategy.counts_ignored_stops or self.is_policy else self.levels
            return strategy.build(own, Options(levels=levels, weight=self.weight, sure=self.sure, rule=self.rule))
        except (UsageError, ValueError) as error:
            raise ApiError(f"s1m: {error}", "s1m", code="invalid_value") from None


Efforts = Mapping[str, Mapping[str, Any]]
"""Rows of the table of efforts by their names."""


def read_efforts(path: Path, default: Dial) -> dict[str, Mapping[str, Any]]:
    """The table in a TOML file, every row tried on ``default``. Raises ``UsageError``."""
    table = read_toml(path)
    for name, row in table.items():
        if not isinstance(row, dict):
            raise UsageError(f"{path}: {name} is not a table; write [{name}]")
        try:
            with_row(default, row, name)
        except ApiError as error:
            raise UsageError(f"{path}: {error}") from None
    return table


def with_row(dial: Dial, row: Mapping[str, Any], where: str) -> Dial:
    """The dial as a row of the table turns it. Raises ``ApiError`` that names the key."""
    fields = Fields(row, where)
    thinking = fields.flag("thinking")
    turned = with_fields(dial, fields, most=None)
    most = min(turned.max_thinking_tokens, dial.max_thinking_tokens)
    least = min(turned.min_thinking_tokens, most)
    turned = replace(turned, max_thinking_tokens=most, min_thinking_tokens=least)
    return turned if thinking is None else replace(turned, thinking=thinking)


def with_fields(dial: Dial, fields: Fields, most: int | None) -> Dial:
    """The dial as s1m's own fields turn it; ``most`` thinking tokens are allowed. Raises ``ApiError``."""
    changes: dict[str, Any] = {}
    if (name := fields.text("strategy")) is not None:
        changes["strategy"] = _strategy(name, fields, dial)
    if (strings := fields.any("ignore_strings")) is not None:
        changes["ignore_strings"] = _strings(strings, fields)
    ignored, levels = fields.any("num_ignore"), fields.any("levels")
    if ignored is not None:
        if dial.is_policy:
            changes.setdefault("strategy", "sequential")  # a number of ignored stops leaves nothing to a policy
        changes["num_ignore"] = _levels(ignored, "num_ignore", fields, most=MOST_IGNORED)
    if levels is not None:
        changes |= _own_levels(levels, changes.get("strategy", dial.strategy), fields, ignored is not None)
    for name in ("min_thinking_tokens", "max_thinking_tokens"):
        if (value := fields.whole(name, int(name[:3] == "max"), *(() if most is None else (most,)))) is not None:
            changes[name] = value
    fields.done()
    turned = replace(dial, **changes)
    if turned.min_thinking_tokens > turned.max_thinking_tokens:
        raise fields.wrong(
            "min_thinking_tokens",
            f"must not exceed the most thinking tokens ({turned.max_thinking_tokens})",
            turned.min_thinking_tokens,
        )
    return turned


def _own_levels(levels: Any, strategy: str, fields: Fields, also_ignored: bool) -> dict[str, Any]:
    """``levels``, which for a strategy of ignored stops is another word for ``num_ignore``."""
    if not find_strategy(strategy).counts_ignored_stops:
        return {"levels": _levels(levels, "levels", fields)}
    if also_ignored:
        raise ApiError(
            f"{fields.at('levels')} and {fields.at('num_ignore')} say the same of strategy {strategy}; leave one out",
            fields.at("levels"),
        )
    return {"num_ignore": _levels(levels, "levels", fields, most=MOST_IGNORED)}


def _strategy(name: str, fields: Fields, dial: Dial) -> str:
    # Looked up among the names first: find_strategy would import a module that a client names.
    if name not in STRATEGIES.names():
        raise fields.wrong("strategy", f"must be one of {', '.join(STRATEGIES.names())}", name)
    if name == POLICY and dial.rule is None:
        raise ApiError(
            f"{fields.at('strategy')} policy: this gateway was started without --policy; send another strategy",
            fields.at("strategy"),
            code="unsupported_value",
        )
    return name


def _strings(value: Any, fields: Fields) -> tuple[str, ...]:
    if isinstance(value, str):
        return IGNORE_STRINGS.get(value, (value,)) if value else _strings([], fields)
    good = isinstance(value, list) and 0 < len(value) <= MOST_STRINGS
    if not good or not all(isinstance(each, str) and 0 < len(each) <= MOST_STRING for each in value):
        raise fields.wrong(
            "ignore_strings", f"must be a preset ({', '.join(IGNORE_STRINGS)}) or a list of texts", value
        )
    return tuple(value)


def _levels(value: Any, name: str, fields: Fields, most: int = 10**9) -> tuple[int, ...]:
    given = [value] if isinstance(value, int) else value
    if not isinstance(given, list) or not 0 < len(given) <= MOST_LEVELS:
        raise fields.wrong(name, f"must be a whole number or a list of at most {MOST_LEVELS}", value)
    for each in given:
        if isinstance(each, bool) or not isinstance(each, int) or not 0 <= each <= most:
            raise fields.wrong(name, f"must be whole numbers from 0 to {most:,}", each)
    if sorted(set(given)) != given:
        raise fields.wrong(name, "must be different and rising", value)
    return tuple(given)
