"""How levels, ignore strings and addresses may be spelled in files and flags."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from s1m.errors import UsageError
from s1m.evaluate.policy import read_policy, rule_text
from s1m.families import BY_FAMILY
from s1m.families.sampling import NEUTRAL
from s1m.files.settings import MOST_COUNT, MOST_SHOWN, check_path
from s1m.forcing.presets import IGNORE_STRINGS
from s1m.forcing.strategies import strategy_of_run

MOST_LEVELS = 1000
"""Largest ``num_ignore``, and most levels of any list: a chain whose stop is ignored more often is a typing slip."""


def spelled_out(given: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of a run with levels, ignore strings and addresses as lists, however they are spelled."""
    values = dict(given)
    spell_family(values)
    spell_policy(values)
    if values.get("sampling") == "recommended":
        values["sampling_given"] = [name for name in NEUTRAL if name in values]
    if "num_ignore" in values:
        values["num_ignore"] = levels_from(values["num_ignore"])
    if "levels" in values:
        values["levels"] = levels_from(
            numbered(values["levels"], values.get("strategy")), name="levels", greatest=MOST_COUNT
        )
    if "ignore_strings" in values:
        values["ignore_strings"] = strings_from(values["ignore_strings"])
    if isinstance(values.get("template_kwargs"), Mapping):  # a table in a file
        options = values["template_kwargs"].items()
        values["template_kwargs"] = [f"{key}={json.dumps(value, default=str)}" for key, value in options]
    elif isinstance(values.get("template_kwargs"), str):
        values["template_kwargs"] = [values["template_kwargs"]]
    for name in ("base_url", "describer_base_url"):
        if isinstance(values.get(name), str):
            values[name] = [values[name]] if values[name] else []
    return values


def spell_family(values: dict[str, Any], *, line_break: bool = True) -> None:
    """Delimiters that are given win over those of the template and of a family that is named, these over the rest.

    The opening one of a named family has its ``line_break``, where it is for a turn that begins with it.
    """
    family = values.get("family", "auto")
    if family == "auto" and ("thinking_open" in values or "thinking_close" in values):
        values["family"] = "given"
    named = BY_FAMILY.get(family) if isinstance(family, str) else None
    if named:
        values.setdefault("thinking_open", named.as_written if line_break else named.opening)
        values.setdefault("thinking_close", named.closing)


def spell_policy(values: dict[str, Any]) -> None:
    """The rule of a policy file beside its path, as the settings of a run keep it; there it wins over the file."""
    path = values.get("policy")
    if isinstance(path, str) and path and not values.get("policy_rule"):
        values["policy_rule"] = rule_text(read_policy(check_path(path, "policy")).rule)


def numbered(value: object, strategy: object) -> object:
    """Levels as they are spelled, names of levels such as ``low,high`` of strategy effort as their numbers."""
    known = strategy_of_run(strategy) if isinstance(strategy, str) else None
    names = getattr(known, "level_names", ())
    if not names or not isinstance(value, str):
        return value
    return re.sub(r"[a-z]+", lambda word: str(names.index(word[0])) if word[0] in names else word[0], value.lower())


def levels_from(value: object, *, name: str = "num_ignore", greatest: int = MOST_LEVELS) -> object:
    """``"0-7"``, ``"0,2,4"``, ``3`` and ``[0, 2]`` as a list of levels; anything else as it is, to be refused later.

    Raises ``UsageError`` for text that does not spell such a list, a level above ``greatest``, or more than
    ``MOST_LEVELS`` levels.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    if not isinstance(value, str):
        return value
    levels: list[int] = []
    for part in value.split(","):
        first, dash, last = part.strip().partition("-")
        # isdecimal alone would take the digits of every script, and int() would read them.
        if not (first.isascii() and first.isdecimal()) or (dash and not (last.isascii() and last.isdecimal())):
            raise UsageError(f"{name} takes levels such as 0-7, 4 or 0,2,4, not {_shown(value)}")
        if max(len(first), len(last)) > len(str(greatest)) or max(int(first), int(last or 0)) > greatest:
            raise UsageError(f"{name} goes up to {greatest}, not to {_shown(part.strip())}")
        start, end = int(first), int(last or first)
        if end < start:
            raise UsageError(f"{name} {_shown(value)}: the range is empty; write {end}-{start}")
        if len(levels) + end - start > MOST_LEVELS:  # before the range is spread out
            raise UsageError(f"{name} {_shown(value)} has too many levels; write at most {MOST_LEVELS}")
        levels += range(start, end + 1)
    return levels


def strings_from(value: object) -> object:
    """A preset's name as its strings, one string as a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return IGNORE_STRINGS.get(value, (value,))
    return value


def _shown(text: str) -> str:
    return repr(text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}...")
