"""Which of a problem's responses make a pair, and why: one to prefer that is closed, right and short, one to avoid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from s1m.data.preference.candidates import Candidate
from s1m.data.preference.settings import PairSettings, Reason


@dataclass(frozen=True, kw_only=True)
class Match:
    """A pair of responses to one problem, and why the second is worse."""

    chosen: Candidate
    rejected: Candidate
    reason: Reason


NO_RIGHT = "no closed and right response"
NOTHING_WORSE = "nothing worse than it"
"""Why a problem has no pair."""


def matches(candidates: Sequence[Candidate], settings: PairSettings) -> list[Match] | str:
    """The pairs of a problem, at most ``per_problem``, or why it has none.

    Every rejected response has one partner: for one that did not close, the response whose number of ignored stops is
    nearest, best from the same chain, which the repair has continued from there; for one that closed, the shortest with
    as many ignored stops, so that no pair is about how often the model was forced.
    """
    good = sorted((each for each in candidates if each.ending == "closed" and each.right), key=lambda each: each.order)
    if not good:
        return NO_RIGHT
    by_reason: dict[Reason, list[Match]] = {reason: [] for reason in settings.reasons}
    seen: set[str] = set()
    for rejected in sorted(candidates, key=lambda each: each.order):
        match = _matched(rejected, good, settings)
        if match is not None and match.reason in by_reason and rejected.text not in seen:
            seen.add(rejected.text)
            by_reason[match.reason].append(match)
    taken = list(_in_turns(list(by_reason.values())))[: settings.per_problem]
    return taken or NOTHING_WORSE


def _matched(rejected: Candidate, good: Sequence[Candidate], settings: PairSettings) -> Match | None:
    """The pair that a response is rejected in; None where there is no better one."""
    if rejected.ending != "closed":
        chosen = min(
            good, key=lambda each: (abs(each.level - rejected.level), each.chain != rejected.chain, each.order)
        )
        return Match(chosen=chosen, rejected=rejected, reason=rejected.ending)
    alike = [each for each in good if each.level == rejected.level]
    if not alike:
        return None
    if not rejected.right:
        return Match(chosen=alike[0], rejected=rejected, reason="wrong")
    least = max(settings.longer * alike[0].tokens, alike[0].tokens + settings.longer_by)
    return Match(chosen=alike[0], rejected=rejected, reason="long") if rejected.tokens >= least else None


def _in_turns(queues: Sequence[list[Match]]) -> Iterator[Match]:
    """The first of every queue, then the second of every queue."""
    for turn in range(max(map(len, queues), default=0)):
        yield from (queue[turn] for queue in queues if turn < len(queue))
