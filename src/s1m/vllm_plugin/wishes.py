"""What a request asks of the plugin: the flat values of ``vllm_xargs`` or ``extra_args``, checked as they come in.

    num_ignore            stops that are ignored; the model thinks on after each
    ignore_strings        what is put there, a text or several that take turns; "Wait," without it
    ignore_ids            the same as token ids: [[14524, 11]], or the same as JSON in a string
    min_thinking_tokens   thinking does not end before
    max_thinking_tokens   thinking is closed there
    thinking_close        the delimiter, "</think>" without it; it must be one token of the model
    thinking_close_id     the same as its id
    take_back_turn_end    whether an early end of turn is ignored as a stop is (without it: yes)
    watch_loops           whether thinking that repeats itself is closed (without it: yes)
    forcing_seed          of the draws while the model thinks, or a list: one for each segment; without it the
                          request's own seed
    drawn_before          thinking tokens that an earlier request has drawn with that seed, where this one goes on
    report_digits         ten token ids with which the request's end says where the ignored stops are; see ``row``

A request that names none of the first six is not forced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ASKS = (
    "num_ignore",
    "ignore_strings",
    "ignore_ids",
    "min_thinking_tokens",
    "max_thinking_tokens",
)
"""Any of these makes a request one that is forced."""

MOST_IGNORES = 99
"""Two digits of the report."""

NO_LIMIT = 1 << 40


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a request asks for, checked, before any text is spelled in tokens."""

    num_ignore: int
    ignore_strings: tuple[str, ...]
    ignore_ids: tuple[tuple[int, ...], ...]
    min_thinking_tokens: int
    max_thinking_tokens: int
    close: str | int
    take_back_turn_end: bool
    watch_loops: bool
    seeds: tuple[int, ...]
    """Empty: the request's own."""
    drawn_before: int
    report_digits: tuple[int, ...]


def read_wishes(extra: Mapping[str, Any] | None) -> Wishes | None:
    """What the arguments ask for; None where they do not ask. Raises ``ValueError`` for impossible ones."""
    if not extra or not any(name in extra for name in ASKS):
        return None
    minimum = _count(extra, "min_thinking_tokens", 0)
    maximum = _count(extra, "max_thinking_tokens", NO_LIMIT)
    if maximum < 1 or minimum > maximum:
        raise ValueError(
            f"max_thinking_tokens {maximum} must be at least 1 and at least min_thinking_tokens {minimum}; raise it"
        )
    num_ignore = _count(extra, "num_ignore", 0)
    if num_ignore > MOST_IGNORES:
        raise ValueError(f"num_ignore {num_ignore} is more than {MOST_IGNORES}; lower it")
    close: str | int = _text(extra, "thinking_close", "</think>")
    if "thinking_close_id" in extra:
        close = _count(extra, "thinking_close_id", 0)
    digits = tuple(_ids(extra["report_digits"], "report_digits")) if "report_digits" in extra else ()
    if digits and len(set(digits)) != 10:
        raise ValueError(f"report_digits must be ten different token ids, not {list(digits)}; correct them")
    return Wishes(
        num_ignore=num_ignore,
        ignore_strings=_strings(extra),
        ignore_ids=_ignore_ids(extra),
        min_thinking_tokens=minimum,
        max_thinking_tokens=maximum,
        close=close,
        take_back_turn_end=_flag(extra, "take_back_turn_end"),
        watch_loops=_flag(extra, "watch_loops"),
        seeds=_seeds(extra),
        drawn_before=_count(extra, "drawn_before", 0),
        report_digits=digits,
    )


def spelled(wishes: Wishes, spell: Callable[[str], Sequence[int]] | None) -> tuple[tuple[tuple[int, ...], ...], int]:
    """The ignore strings and the delimiter as token ids.

    Raises ``ValueError`` for a delimiter of several tokens, which cannot be taken back, and for text where ``spell`` is
    None because the server has no tokenizer.
    """

    def ids(text: str) -> tuple[int, ...]:
        if spell is None:
            raise ValueError("the server has no tokenizer; give ignore_ids and thinking_close_id")
        return tuple(spell(text))

    close = (wishes.close,) if isinstance(wishes.close, int) else ids(wishes.close)
    if len(close) != 1:
        raise ValueError(
            f"the delimiter {wishes.close!r} is {len(close)} tokens of this model and cannot be taken back; "
            "force it from the client"
        )
    ignores = wishes.ignore_ids or tuple(ids(text) for text in wishes.ignore_strings)
    if wishes.num_ignore and not all(ignores):
        raise ValueError(f"the ignore strings {wishes.ignore_strings!r} have no tokens; give others")
    return ignores, close[0]


def _count(extra: Mapping[str, Any], name: str, default: int) -> int:
    value = extra.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or value < 0:
        raise ValueError(f"{name} must be a whole number from 0, not {value!r}; correct it")
    return int(value)


def _seeds(extra: Mapping[str, Any]) -> tuple[int, ...]:
    if isinstance(extra.get("forcing_seed"), list | tuple):
        return tuple(_ids(extra["forcing_seed"], "forcing_seed"))
    return (_count(extra, "forcing_seed", 0),) if "forcing_seed" in extra else ()


def _flag(extra: Mapping[str, Any], name: str) -> bool:
    value = extra.get(name, True)
    if value not in (0, 1, True, False, "true", "false"):  # vllm_xargs have no booleans
        raise ValueError(f"{name} must be 0 or 1, not {value!r}; correct it")
    return value not in (0, "false")


def _text(extra: Mapping[str, Any], name: str, default: str) -> str:
    value = extra.get(name, default)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} must be a text, not {value!r}; correct it")
    return value


def _strings(extra: Mapping[str, Any]) -> tuple[str, ...]:
    given = extra.get("ignore_strings", "Wait,")
    strings = [given] if isinstance(given, str) else given
    if not isinstance(strings, list | tuple) or not strings or not all(isinstance(s, str) and s for s in strings):
        raise ValueError(f"ignore_strings must be a text or a list of texts, none of them empty, not {given!r}")
    return tuple(strings)


def _ignore_ids(extra: Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
    given = extra.get("ignore_ids")
    if given is None:
        return ()
    try:
        lists = json.loads(given) if isinstance(given, str) else given
        ids = tuple(tuple(_ids(each, "ignore_ids")) for each in lists)
    except (TypeError, ValueError) as error:
        raise ValueError(f"ignore_ids must be lists of token ids, such as [[14524, 11]], not {given!r}") from error
    if not ids or not all(ids):
        raise ValueError("ignore_ids has an empty list; leave it out")
    return ids


def _ids(given: Any, name: str) -> list[int]:
    if not isinstance(given, list | tuple) or not all(type(each) is int and each >= 0 for each in given):
        raise ValueError(f"{name} must be whole numbers from 0, not {given!r}; correct them")
    return list(given)
