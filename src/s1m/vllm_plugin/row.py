"""One request that is forced: where it is in its thinking, and which token comes next. No torch, no vLLM.

While the model thinks, the plugin draws every token itself and so knows them all, also where vLLM's own list still has
place-holders. The state is little more than the positions at which ignore strings begin, so a step whose token vLLM
throws away (a prompt read in parts, a preemption) is undone by forgetting what lies behind.

A client that sent ``report_digits`` learns the positions at the end, since a model may write the ignore string itself.
Where taking every occurrence from the left for an ignored stop gives the right ones, and the thinking was closed, the
request ends with the delimiter. Otherwise these digits come before the end of turn:

    five digits for the position of each ignored stop, one for the ending, two for how many there are
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from s1m.forcing.loops.watch import LoopWatch

Ending = Literal["closed", "eos", "capped", "looped"]
ENDINGS: tuple[Ending, ...] = ("closed", "eos", "capped", "looped")
"""By the digit that reports it."""

POSITION_DIGITS = 5
WATCHED_AT_ONCE = 32
"""Tokens that the loop watch is given together: alone, each would cost ten times as much. Fewer make no loop."""
MASK = (1 << 64) - 1


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds for a request throughout: budgets, and the tokens that matter."""

    close: int
    turn_ends: frozenset[int]
    """Tokens with which the model ends its turn, the delimiter not among them."""
    end_of_turn: int | None = None
    """The one of them with which a report ends."""
    ignores: tuple[tuple[int, ...], ...] = ()
    num_ignore: int = 0
    min_thinking_tokens: int = 0
    max_thinking_tokens: int = 1 << 40
    take_back_turn_end: bool = True
    watch_loops: bool = True
    report_digits: tuple[int, ...] = ()

    @cached_property
    def enders(self) -> frozenset[int]:
        """All tokens that end the thinking."""
        return self.turn_ends | {self.close}

    def ignore(self, times: int) -> tuple[int, ...]:
        """What is put at the next ignored stop; they take turns."""
        return self.ignores[times % len(self.ignores)]


@dataclass(kw_only=True)
class Row:
    """The state of one request. ``n`` is everywhere the number of tokens it has, so the position of the next one."""

    rules: Rules
    seed: int
    later_seeds: tuple[int, ...] = ()
    """Of the segments after the first."""
    drawn_before: int = 0
    """Tokens of the first segment that an earlier request wrote."""
    ids: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Where ignore strings begin."""
    _spent: list[int] = field(default_factory=list)
    """Thinking tokens up to each start; an empty segment counts as one, as for the client."""
    _tail: tuple[int, ...] = ()
    _tail_start: int = -1
    _watch: LoopWatch | None = None
    _unwatched: list[int] = field(default_factory=list)
    barring: bool = False
    """Whether the thinking may not end with the next token; set by ``advance_to``."""
    # What holds until an ignore string or an end comes, kept because every token of every request needs it.
    _begin: int = 0
    """Where the segment begins."""
    _until: int = 0
    """Up to there the model thinks: the budget ends there, or it has ended. 0 where an end is decided."""
    _may_end: int = 0
    """Where the thinking may end at the earliest."""
    _noise: int = 0
    """The segment's seed, mixed."""

    def __post_init__(self) -> None:
        self._settle()

    def resumed(self, ids: Sequence[int]) -> Row:
        """The state when only the tokens are known: every ignore string is taken for one of ours."""
        rules = self.rules
        row = replace(self, ids=list(ids), starts=leftmost(ids, rules.ignores, rules.num_ignore), _spent=[])
        for times, start in enumerate(row.starts):
            began = row.starts[times - 1] + len(rules.ignore(times - 1)) if times else 0
            row._spent.append(max(1, start - began) + (row._spent[-1] if times else 0))
        row._settle()
        begin = row._begin
        if rules.close in row.ids[begin:]:
            row._tail, row._tail_start = (rules.close,), row.ids.index(rules.close, begin)
        row._settle()
        return row

    def advance_to(self, n: int) -> bool:
        """Whether the request is still forced, now that vLLM has ``n`` of its tokens; what lies behind is forgotten."""
        if n < len(self.ids):
            self._forget(n)
        if self._tail_start >= 0:
            return n < self._tail_start + len(self._tail)
        self.barring = self._begin <= n < self._may_end
        return True

    def take(self, drawn: int) -> int:
        """The token that comes next where the model drew this one."""
        n = len(self.ids)
        if self._begin <= n < self._until and drawn not in self.rules.enders:
            self.ids.append(drawn)
            if self.rules.watch_loops and self._loops(drawn):
                self._end(n + 1, "looped", drawn)
            return drawn
        forced = self._forced(n)
        token = self._next(n, drawn) if forced is None else forced
        self.ids.append(token)
        return token

    def uniform(self, tried: int = 0) -> float:
        """A number in [0, 1) that depends on the segment's seed, the position in it and the try alone.

        So no step can shift the others, and a segment is drawn alike in a request of its own and in one of a chain.
        """
        place = len(self.ids) - self._begin + (0 if self.starts else self.drawn_before)
        return (mixed(place, tried, begun=self._noise) >> 11) / 2.0**53

    @property
    def over(self) -> bool:
        """Whether its last forced token has been given."""
        return 0 <= self._tail_start <= len(self.ids) - len(self._tail)

    def rest(self) -> None:
        """Give memory back while the request waits; a loop that had begun is then seen later."""
        self._watch = None

    def _settle(self) -> None:
        """Work out anew what holds from here on."""
        rules, number = self.rules, len(self.starts) - 1
        self._begin = self.starts[-1] + len(rules.ignore(number)) if self.starts else 0
        before = self._spent[-1] if self._spent else 0
        self._until = 0 if self._tail_start >= 0 else self._begin + rules.max_thinking_tokens - before
        self._may_end = self._begin + (1 if self.starts else rules.min_thinking_tokens)
        seed = self.seed
        if self.starts:
            seed = self.later_seeds[number] if number < len(self.later_seeds) else mixed(self.seed, number, -1)
        self._noise = mixed(seed)

    def _next(self, n: int, drawn: int) -> int:
        """The token at ``n`` where the budget is spent, or one that ends the thinking was drawn."""
        rules = self.rules
        if n >= self._until:
            return self._end(n, "capped", drawn)
        spent = (self._spent[-1] if self._spent else 0) + max(1, n - self._begin)
        closed = drawn == rules.close
        refused = len(self.starts) < rules.num_ignore and spent < rules.max_thinking_tokens
        if not refused or not (closed or rules.take_back_turn_end):
            return self._end(n, "closed" if closed else "eos", drawn)
        self.starts.append(n)
        self._spent.append(spent)
        self._watch, self._unwatched = None, []
        self._settle()
        return rules.ignore(len(self.starts) - 1)[0]

    def _loops(self, token: int) -> bool:
        self._unwatched.append(token)
        if len(self._unwatched) < WATCHED_AT_ONCE:
            return False
        self._watch = self._watch or LoopWatch()
        unwatched, self._unwatched = self._unwatched, []
        return self._watch.feed(unwatched) is not None

    def _end(self, n: int, ending: Ending, drawn: int) -> int:
        """Decide how the request goes on from ``n`` to the end of its thinking; its first token."""
        rules = self.rules
        self._tail_start = n
        self._tail = (drawn,) if ending == "eos" else (rules.close,)
        self._settle()
        if rules.report_digits and rules.end_of_turn is not None:
            plain = leftmost(self.ids, rules.ignores, rules.num_ignore) == self.starts
            if ending != "closed" or not plain:
                written = "".join(f"{start:0{POSITION_DIGITS}}" for start in self.starts)
                written += f"{ENDINGS.index(ending)}{len(self.starts):02}"
                self._tail = (*(rules.report_digits[int(digit)] for digit in written), rules.end_of_turn)
        return self._tail[0]

    def _forced(self, n: int) -> int | None:
        if 0 <= self._tail_start <= n < self._tail_start + len(self._tail):
            return self._tail[n - self._tail_start]
        if self.starts and n < self._begin:
            return self.rules.ignore(len(self.starts) - 1)[n - self.starts[-1]]
        return None

    def _forget(self, n: int) -> None:
        del self.ids[n:]
        if n <= self._tail_start:
            self._tail, self._tail_start = (), -1
        while self.starts and self.starts[-1] >= n:
            self.starts.pop()
            self._spent.pop()
        self._settle()


def leftmost(ids: Sequence[int], ignores: Sequence[Sequence[int]], most: int) -> list[int]:
    """Where ignore strings begin if every occurrence from the left is one, in turn, up to ``most``."""
    found: list[int] = []
    at = 0
    while len(found) < most:
        ignore = tuple(ignores[len(found) % len(ignores)])
        while at + len(ignore) <= len(ids) and tuple(ids[at : at + len(ignore)]) != ignore:
            at += 1
        if at + len(ignore) > len(ids):
            break
        found.append(at)
        at += len(ignore)
    return found


def mixed(*parts: int, begun: int = 0) -> int:
    """64 bits that look random (SplitMix64: G. L. Steele, D. Lea, C. H. Flood, 2014), applied to the parts in turn.

    ``begun`` is what the parts before gave.
    """
    value = begun
    for part in parts:
        value = (value + part + 0x9E3779B97F4A7C15) & MASK
        value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
        value ^= value >> 31
    return value
