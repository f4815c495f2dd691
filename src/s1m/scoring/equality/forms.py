r"""Decide equality where the form of an answer carries meaning: intervals, inequalities, sequences, times of day.

    [2, 5)  and (2, 5)           differ: an end is open or closed
    x < 3   and 3 > x            are the same; x > 3 and x \le 3 differ from both
    x > 3   and (3, \infty)      are the same
    1, 2, \ldots, n              is compared item by item, in order
    10:30 am and 10:30           are the same; 10:30 am and 10:30 pm differ

Parts are compared by value. Where a part has none and the forms agree, nothing is decided, and algebra may be asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_CHARACTERS = 400
"""The form of a longer answer is not read."""

MOST_ITEMS = 60
"""Of a sequence; a longer one is compared by algebra or not at all."""

Same = Callable[[str, str], bool]

# \left and spacing go first: "\left\{" must be a brace before braces are looked at, and the last line takes the
# backslash from "\{" only when no command with an argument in braces is left.
_REWRITTEN = (
    (re.compile(r"\\(?:left|right|displaystyle|quad|qquad)(?![a-zA-Z])|\\[,;:! ]|[$~]"), " "),
    (re.compile(r"\\(?:text|textrm|textbf|mathrm|mathbf|operatorname|mbox)\s?\{([^{}]{0,60})\}"), r" \1 "),
    (re.compile(r"\\(?:mathrm|mathbf|rm|text)\s?(?=[a-zA-Z](?![a-zA-Z]))"), ""),  # \mathrm e
    (re.compile(r"\\leq?(?:slant|qq?)?(?![a-zA-Z])|⩽|<=|=<"), "≤"),  # \leqslant, =<
    (re.compile(r"\\geq?(?:slant|qq?)?(?![a-zA-Z])|⩾|>="), "≥"),
    (re.compile(r"\\neq?(?![a-zA-Z])|!="), "≠"),
    (re.compile(r"\\lt(?![a-zA-Z])"), "<"),
    (re.compile(r"\\gt(?![a-zA-Z])"), ">"),
    (re.compile(r"\\(?:[ldc]?dots)(?![a-zA-Z])|\.{3,}|\u22ef"), "…"),
    (re.compile(r"\\infty(?![a-zA-Z])|\binfinity\b"), "∞"),
    (re.compile(r"\\cup(?![a-zA-Z])|(?<=[\])])\s?U\s?(?=[\[(])"), "∪"),  # (0,1) U (2,3)
    (re.compile(r"\\(?:lor|vee)(?![a-zA-Z])"), " or "),
    (re.compile(r"\\(?:pm|mp)(?![a-zA-Z])|∓|\+/-"), "±"),
    (re.compile(r"^\s*[a-zA-Z]\s*(?:\\in(?![a-zA-Z])|∈)"), ""),  # x \in (0,1)
    (re.compile(r"\\([{}])"), r"\1"),
)
_TIME = re.compile(
    r"""
      (\d{1,2})[:.](\d{2})(?::(\d{2}))?\s?([ap])\.?\s?m\.?    # 10:30 am, 10.30:15 p.m.
    | (\d{1,2})\s?([ap])\.?\s?m\.?                            # 3 pm
    | (\d{1,2}):(\d{2})(?::(\d{2}))?                          # 22:30, 22:30:15
    """,
    re.IGNORECASE | re.VERBOSE,
)
_RELATION = re.compile("[<>≤≥≠]")
_TURNED = str.maketrans("<>≤≥", "><≥≤")
_OPENS, _CLOSES = "([{", ")]}"
_NAME = re.compile(r"[a-zA-Zα-ω](?:_\{?\w{1,3}\}?)?")
_NAMED = re.compile(rf"\s*({_NAME.pattern})\s*=")
_OR = re.compile(
    r"""
      \bor\b    # x<1 or x>3
    | ∪         # (0,1)∪(2,3)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """What stands between two brackets: an interval, or a point of two coordinates, which is written alike."""

    opens: str
    low: str
    high: str
    closes: str
    variable: str = ""
    """Of an inequality that was written as an interval."""


def same_form(first: str, other: str, same: Same) -> bool | None:
    """Whether two answers are the same in form and, by ``same``, in their parts; None where that is not decided."""
    if max(len(first), len(other)) > MOST_CHARACTERS:
        return None
    if (verdict := same_time(first.strip(), other.strip())) is not None:
        return verdict
    first, other = _rewritten(first), _rewritten(other)
    if "≠" in first + other or _RELATION.search(first + other):
        return _same_relation(first, other, same)
    ours, theirs = _intervals(first), _intervals(other)
    if ours and theirs:
        return _same_intervals(ours, theirs, same)
    if _is_half_open(ours) or _is_half_open(theirs):
        return False
    return _same_sequence(first, other, same)


def _rewritten(text: str) -> str:
    # A full stop goes, but not the three that say that a sequence goes on.
    text = text.strip().rstrip(".") if not text.strip().endswith("...") else text.strip()
    for pattern, replacement in _REWRITTEN:
        text = pattern.sub(replacement, text)
    return text.strip()


def same_time(first: str, other: str) -> bool | None:
    """Whether two times of day are the same, where one of them says am or pm."""
    ours, theirs = _TIME.fullmatch(first), _TIME.fullmatch(other)
    if not ours or not theirs:
        return None
    (hour, past, half), (wanted, wanted_past, wanted_half) = _clock(ours), _clock(theirs)
    if not half and not wanted_half:
        return None
    return past == wanted_past and bool(_hours_of_day(hour, half) & _hours_of_day(wanted, wanted_half))


def _hours_of_day(hour: int, half: str) -> set[int]:
    """What an hour can mean, counted to 24: 10 without am or pm is 10 or 22."""
    if half:
        return {hour % 12 + (12 if half == "p" else 0)}
    return {hour % 12, hour % 12 + 12} if 1 <= hour <= 12 else {hour % 24}


def _clock(match: re.Match[str]) -> tuple[int, tuple[int, int], str]:
    """The hour, minutes and seconds, and "a" or "p" where the time says am or pm."""
    hour = match[1] or match[5] or match[7]
    minutes, seconds = match[2] or match[8], match[3] or match[9]
    return int(hour), (int(minutes or 0), int(seconds or 0)), (match[4] or match[6] or "").lower()


def _same_relation(first: str, other: str, same: Same) -> bool | None:
    ours, theirs = _solutions(first), _solutions(other)
    if ours and theirs and len({each.variable for each in (*ours, *theirs)} - {""}) < 2:
        return _same_intervals(ours, theirs, same)
    (parts, signs), (wanted, wanted_signs) = _relation(first), _relation(other)
    if not signs or not wanted_signs:
        return False
    turned = (wanted[::-1], wanted_signs[::-1].translate(_TURNED))
    if any(signs == each and _all_same(parts, sides, same) for sides, each in ((wanted, wanted_signs), turned)):
        return True
    aligned = _all_same(parts, wanted, same) or _all_same(parts, turned[0], same)
    return False if aligned else None  # the same sides, another sign


def _relation(text: str) -> tuple[list[str], str]:
    """The sides of an inequality and the signs between them."""
    return [part.strip() for part in _RELATION.split(text)], "".join(_RELATION.findall(text))


def _solutions(text: str) -> list[Interval]:
    """The intervals in which an inequality puts its one variable; empty for any other text."""
    if not _RELATION.search(text):
        return _intervals(text)
    intervals = []
    for branch in _OR.split(text):
        sides, signs = _relation(branch)
        if "≠" in signs or len(sides) not in (2, 3):
            return []
        if (len(sides) == 2 and _NAME.fullmatch(sides[1])) or (len(sides) == 3 and signs[0] in ">≥"):
            sides, signs = sides[::-1], signs[::-1].translate(_TURNED)
        if len(sides) == 2:
            is_upper = signs in ("<", "≤")
            bound = sides[1]
            sides = ["-∞", sides[0], bound] if is_upper else [bound, sides[0], "∞"]
            signs = f"<{signs}" if is_upper else f"{signs.translate(_TURNED)}<"
        if not _NAME.fullmatch(sides[1]) or set(signs) - {"<", "≤"}:
            return []
        intervals.append(
            Interval(
                opens="[" if signs[0] == "≤" else "(",
                low=sides[0],
                high=sides[2],
                closes="]" if signs[1] == "≤" else ")",
                variable=sides[1],
            )
        )
    return intervals


def _intervals(text: str) -> list[Interval]:
    """The intervals of a union; empty where a part of it is not one."""
    intervals = []
    for part in text.split("∪"):
        part = part.strip()
        opens, closes = part[:1], part[-1:]
        if opens not in ("(", "[", "]") or closes not in (")", "]", "[") or len(part) < 5:
            return []
        ends = split_outside(part[1:-1])
        if len(ends) != 2:
            return []
        opens, closes = {"]": "("}.get(opens, opens), {"[": ")"}.get(closes, closes)
        intervals.append(Interval(opens=opens, low=ends[0], high=ends[1], closes=closes))
    return intervals


def _is_half_open(intervals: Sequence[Interval]) -> bool:
    """Whether these can be nothing but intervals: a point or a list has two brackets of one kind."""
    return any(f"{each.opens}{each.closes}" in ("(]", "[)") for each in intervals)


def _same_intervals(ours: Sequence[Interval], theirs: Sequence[Interval], same: Same) -> bool | None:
    """Whether two unions are of the same intervals, in any order; None where an end has no value."""
    if len(ours) != len(theirs):
        return None if min(len(ours), len(theirs)) == 1 and not _is_half_open((*ours, *theirs)) else False
    left = list(theirs)
    for first in ours:
        match = next((other for other in left if _same_interval(first, other, same)), None)
        if match is None:
            is_undecided = any(_same_brackets(first, other) for other in left)
            return None if is_undecided else False
        left.remove(match)
    return True


def _same_interval(first: Interval, other: Interval, same: Same) -> bool:
    return (
        _same_brackets(first, other)
        and _same_end(first.low, other.low, same)
        and _same_end(first.high, other.high, same)
    )


def _same_brackets(first: Interval, other: Interval) -> bool:
    """An end at infinity never belongs to an interval, whatever its bracket."""
    return ("∞" in first.low or first.opens == other.opens) and ("∞" in first.high or first.closes == other.closes)


def _same_end(first: str, other: str, same: Same) -> bool:
    if "∞" in first or "∞" in other:
        return first.replace(" ", "").lstrip("+") == other.replace(" ", "").lstrip("+")
    return same(first, other)


def _same_sequence(first: str, other: str, same: Same) -> bool | None:
    ours, theirs = _items(first), _items(other)
    if len(ours) < 2 and len(theirs) < 2:
        return _tight(first) == _tight(other) if "…" in first + other else None
    if max(len(ours), len(theirs)) > MOST_ITEMS:
        return None
    brackets = {text[:1] for text in (first, other) if text[:1] in _OPENS and _is_enclosed(text)}
    if len(ours) != len(theirs) or len(brackets) > 1:
        return False
    if _all_same(ours, theirs, same):
        return True
    if "…" in ours + theirs:
        return False
    is_ordered = bool(brackets & {"(", "["})
    return None if is_ordered or not _is_permutation(ours, theirs, same) else True


def _all_same(ours: Sequence[str], theirs: Sequence[str], same: Same) -> bool:
    return len(ours) == len(theirs) and all(
        _tight(first) == _tight(other) or _same_member(first, other, same)
        for first, other in zip(ours, theirs, strict=True)
    )


def _is_permutation(ours: Sequence[str], theirs: Sequence[str], same: Same) -> bool:
    """Roots and the members of a set have no order."""
    left = list(theirs)
    for first in ours:
        match = next((other for other in left if _same_member(first, other, same)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same_member(first: str, other: str, same: Same) -> bool:
    """Whether two members are the same; x = 1 is not y = 1 in a list that has both."""
    ours, theirs = _NAMED.match(first), _NAMED.match(other)
    return not (ours and theirs and _tight(ours[1]) != _tight(theirs[1])) and same(first, other)


def _items(text: str) -> list[str]:
    """The members of a sequence, ``±3`` as two; a text without commas is its one member."""
    inside = text[1:-1] if text[:1] in _OPENS and _is_enclosed(text) else text
    parts = [part for each in split_outside(inside) for part in re.split(r"\band\b", each) if part.strip()]
    signed = [(part.replace("±", ""), part.replace("±", "-")) if "±" in part else (part,) for part in parts]
    return [item.strip() for both in signed for item in both]


def _is_enclosed(text: str) -> bool:
    """Whether the first bracket of a text closes with its last character."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character in _OPENS) - (character in _CLOSES)
        if depth == 0:
            return position == len(text) - 1 and position > 0
    return False


def split_outside(text: str) -> list[str]:
    """The parts of a text between commas that stand outside brackets."""
    depth, parts = 0, [""]
    for character in text:
        depth += (character in _OPENS) - (character in _CLOSES)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _tight(text: str) -> str:
    return "".join(text.split())
