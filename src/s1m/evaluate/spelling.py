"""How levels, ignore strings and addresses may be spelled in files and flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s1m.errors import UsageError
from s1m.forcing.presets import IGNORE_STRINGS

MOST_LEVELS = 1000
"""A chain refused more often than this is a slip of the keyboard."""


def spelled_out(given: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values of a run with levels, ignore strings and addresses as lists, however they are spelled."""
    values = dict(given)
    spellings = {"num_ignore": levels_from, "levels": levels_from, "ignore_strings": strings_from}
    for name, spelling in spellings.items():
        if name in values:
            values[name] = spelling(values[name])
    for name in ("base_url", "describer_base_url"):
        if isinstance(values.get(name), str):
            values[name] = [values[name]] if values[name] else []
    return values


def levels_from(value: object) -> object:
    """``"0-7"``, ``"0,2,4"``, ``3`` and ``[0, 2]`` as a list of levels; anything else as it is, to be refused later."""
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    if not isinstance(value, str):
        return value
    levels: list[int] = []
    for part in value.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UsageError(f"num_ignore takes levels such as 0-7, 4 or 0,2,4, not {value!r}")
        if max(len(first), len(last)) > len(str(MOST_LEVELS)):
            raise UsageError(f"num_ignore goes up to {MOST_LEVELS}, not to {value!r}"[:120])
        levels += range(int(first), int(last or first) + 1)
    if not levels:
        raise UsageError(f"num_ignore runs backwards: {value!r}")
    return levels


def strings_from(value: object) -> object:
    """A preset's name as its strings, one string as a list of one."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return IGNORE_STRINGS.get(value, (value,))
    return value
