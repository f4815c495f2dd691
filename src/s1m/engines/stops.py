"""Stop strings that are spelled in several tokens: where they begin, and which part of one stands at a limit."""

from __future__ import annotations

from collections.abc import Sequence


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the first stop string in ``text`` begins, or None without one."""
    return min((at for at in (text.find(stop) for stop in stops if stop) if at >= 0), default=None)


def without_partial_stop(text: str, stops: Sequence[str]) -> str:
    """A text that ran out of tokens, without the beginning of a stop string at its end.

    Where ``</think>`` is several tokens, the limit can fall inside it; its rest alone would not stop the next step.
    Without its beginning, the next step writes it again as a whole.
    """
    longest = max((len(stop) for stop in stops), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(len(stop) > length and text.endswith(stop[:length]) for stop in stops):
            return text[:-length]
    return text
