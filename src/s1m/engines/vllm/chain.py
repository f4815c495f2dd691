"""A chain of several segments in one request: what s1m's vLLM plugin is asked for, and where it ignored stops.

The tokens that come back hold the ignore strings, which a model may write itself, too. Where taking every occurrence
from the left for an ignored stop would be wrong, or the thinking did not end with the delimiter, the plugin says before
the end of turn where they are: five digits for each position, one for the ending, two for how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from s1m.engines.vllm.protocol import GeneratedChoice
from s1m.types import Finish

POSITION_DIGITS = 5
FINISHES: tuple[Finish, ...] = ("stop", "eos", "length", "length")
"""By the digit of an ending: closed, the turn ended, out of budget, repeating itself."""
LONGEST_POSITION = 10**POSITION_DIGITS


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The tokens of one segment, without what ended it."""

    ids: tuple[int, ...]
    finish: Finish


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked of the plugin: the delimiter, one ignore string a stop, the budget, and the report's digits."""

    close: int
    ignores: tuple[tuple[int, ...], ...]
    digits: tuple[int, ...]
    min_tokens: int
    max_tokens: int
    seeds: tuple[int, ...] = ()
    """Of the segments after the first."""

    @property
    def all_tokens(self) -> int:
        """Most tokens of the request: thinking, ignore strings, and the report with the end of turn."""
        return self.max_tokens + sum(map(len, self.ignores)) + POSITION_DIGITS * len(self.ignores) + 4

    def arguments(self, seed: int, drawn_before: int = 0) -> dict[str, Any]:
        """``extra_args`` of the request. An early end of turn ends it: its thinking may have to be cut.

        ``seed`` is that of the first segment, of which ``drawn_before`` tokens are in the prompt.
        """
        if not self.ignores:
            return self._one_segment(seed, drawn_before)
        return {
            "num_ignore": len(self.ignores),
            "ignore_ids": [list(ids) for ids in self.ignores],
            "thinking_close_id": self.close,
            "min_thinking_tokens": self.min_tokens,
            "max_thinking_tokens": self.max_tokens,
            "take_back_turn_end": 0,
            "report_digits": list(self.digits),
            "forcing_seed": [seed, *self.seeds],
            "drawn_before": drawn_before,
        }

    def _one_segment(self, seed: int, drawn_before: int) -> dict[str, Any]:
        """No more than that the plugin draws, as it would in a chain; how the segment ends is seen from outside."""
        return {
            "min_thinking_tokens": self.min_tokens,
            "thinking_close_id": self.close,
            "take_back_turn_end": 0,
            "watch_loops": 0,
            "forcing_seed": seed,
            "drawn_before": drawn_before,
        }

    def was_forced(self, ids: Sequence[int]) -> bool:
        """Whether these tokens are those of a chain of one token that the budget ended, so that the plugin is there."""
        return len(ids) == 5 and [self.digits.index(token) for token in ids[1:4] if token in self.digits] == [2, 0, 0]

    def stretches(self, choice: GeneratedChoice) -> list[Stretch] | None:
        """The segments in a reply, at least one; None for one that ends before the chain does."""
        if choice.finish_reason != "stop":
            return None
        body = choice.token_ids[:-1]
        if choice.stop_reason == self.close:
            return self._split(body, leftmost(body, self.ignores), "stop")
        return self._reported(body)

    def may_hold_ignored_stop(self, ids: Sequence[int]) -> bool:
        """Whether an ignore string is among these tokens, or begins at their end.

        Then they cannot be told apart without a report.
        """
        first = self.ignores[0]
        begins = any(tuple(ids[-length:]) == first[:length] for length in range(1, min(len(first), len(ids) + 1)))
        return begins or bool(leftmost(ids, self.ignores))

    def _reported(self, body: Sequence[int]) -> list[Stretch] | None:
        count = self._number(body[-2:])
        ending = self._number(body[-3:-2])
        if count is None or ending is None or count > len(self.ignores) or ending >= len(FINISHES):
            return None
        end = len(body) - 3 - POSITION_DIGITS * count
        positions = [self._number(body[at : at + POSITION_DIGITS]) for at in range(end, len(body) - 3, POSITION_DIGITS)]
        starts = [position for position in positions if position is not None]
        if end < 0 or len(starts) < count:
            return None
        return self._split(body[:end], starts, FINISHES[ending])

    def _number(self, ids: Sequence[int]) -> int | None:
        if not ids or any(token not in self.digits for token in ids):
            return None
        return int("".join(str(self.digits.index(token)) for token in ids))

    def _split(self, body: Sequence[int], starts: Sequence[int], last: Finish) -> list[Stretch]:
        begins = [0, *(start + len(ids) for start, ids in zip(starts, self.ignores, strict=False))]
        ends = [*starts, len(body)]
        ignored: Finish = "stop"
        finishes = [*(ignored for _ in starts), last]
        return [
            Stretch(ids=tuple(body[begin:end]), finish=finish)
            for begin, end, finish in zip(begins, ends, finishes, strict=True)
        ]


def leftmost(ids: Sequence[int], ignores: Sequence[Sequence[int]]) -> list[int]:
    """Where ignore strings begin if every occurrence from the left is one, in turn. The plugin does the same."""
    found: list[int] = []
    at = 0
    for ignore in ignores:
        wanted = list(ignore)
        while at + len(wanted) <= len(ids) and list(ids[at : at + len(wanted)]) != wanted:
            at += 1
        if at + len(wanted) > len(ids):
            break
        found.append(at)
        at += len(wanted)
    return found


def split_text(text: str, strings: Sequence[str]) -> list[str] | None:
    """The texts between ignore strings, one each in turn; None where one of them stands in the text more often."""
    for string in set(strings):
        if occurrences(text, string) != strings.count(string):
            return None
    parts = []
    for string in strings:
        part, found, text = text.partition(string)
        if not found:
            return None
        parts.append(part)
    return [*parts, text]


def occurrences(text: str, string: str) -> int:
    """How often a string stands in a text, overlaps included."""
    count, at = 0, text.find(string)
    while at >= 0:
        count, at = count + 1, text.find(string, at + 1)
    return count
